import assert from "node:assert/strict";
import type { Hasher } from "../../ports/hasher.ts";
import { someBytes, type TestFunction } from "./suite.ts";

/** What {@link hasherSuite} needs. */
export interface HasherSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** Makes the hasher. */
  open(): Hasher | Promise<Hasher>;
}

// The examples NIST publishes with FIPS 180-4 for SHA-256 ("SHA256.pdf" and the additional ones),
// https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
const VECTORS: readonly (readonly [what: string, bytes: () => Uint8Array, digest: string])[] = [
  ["nothing", () => ascii(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", () => ascii("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "448 bits",
    () => ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "896 bits",
    () =>
      ascii(
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" +
          "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      ),
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  ],
  [
    "a million times a",
    () => ascii("a".repeat(1_000_000)),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  ],
  [
    "0xbd",
    () => Uint8Array.of(0xbd),
    "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b",
  ],
  [
    "0xc98c8e55",
    () => Uint8Array.of(0xc9, 0x8c, 0x8e, 0x55),
    "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504",
  ],
  ...([
    [55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"],
    [56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"],
    [57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"],
    [64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"],
    [1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"],
  ] as const).map(([length, digest]) =>
    [`${length} zeros`, () => new Uint8Array(length), digest] as const
  ),
];

/** Checks that a {@link Hasher} keeps every promise of its port. */
export function hasherSuite(options: HasherSuiteOptions): void {
  checkDigests(options);
  checkStreams(options);
}

function checkDigests({ test, open }: HasherSuiteOptions): void {
  for (const [what, bytes, digest] of VECTORS) {
    test(`Hasher digests ${what} as published`, async () => {
      const hasher = await open();
      assert.equal(hex(await hasher.digest(bytes())), digest);
      const stream = await hasher.stream();
      stream.update(bytes());
      assert.equal(hex(stream.digest()), digest);
    });
  }

  test("Hasher gives 32 bytes that the caller keeps", async () => {
    const hasher = await open();
    const first = await hasher.digest(ascii("first"));
    const kept = hex(first);
    const second = await hasher.digest(ascii("second"));
    assert.ok(first instanceof Uint8Array && first.length === 32);
    assert.equal(hex(first), kept);
    assert.notEqual(hex(second), kept);
  });

  test("Hasher digests only the part of a buffer that it is given", async () => {
    const hasher = await open();
    const whole = someBytes(300);
    const part = whole.subarray(50, 200);
    const wanted = hex(await hasher.digest(whole.slice(50, 200)));
    assert.equal(hex(await hasher.digest(part)), wanted);
    const stream = await hasher.stream();
    stream.update(part);
    assert.equal(hex(stream.digest()), wanted);
  });

  test("Hasher does not change what it digests", async () => {
    const hasher = await open();
    const bytes = someBytes(300);
    await hasher.digest(bytes);
    (await hasher.stream()).update(bytes);
    assert.equal(hex(bytes), hex(someBytes(300)));
  });

  test("Hasher digests many at once", async () => {
    const hasher = await open();
    const inputs = Array.from({ length: 50 }, (_, n) => someBytes(n * 37, n + 1));
    const together = await Promise.all(inputs.map((bytes) => hasher.digest(bytes)));
    for (const [n, bytes] of inputs.entries()) {
      assert.equal(hex(together[n]!), hex(await hasher.digest(bytes)), `input ${n}`);
    }
  });
}

function checkStreams({ test, open }: HasherSuiteOptions): void {
  test("HashStream gives the digest of the whole, however it is cut", async () => {
    const hasher = await open();
    for (const length of [0, 1, 63, 64, 65, 127, 128, 129, 1000]) {
      const bytes = someBytes(length);
      const wanted = hex(await hasher.digest(bytes));
      for (const step of [1, 7, 63, 64, 65, 1000]) {
        const stream = await hasher.stream();
        for (let at = 0; at < length; at += step) stream.update(bytes.subarray(at, at + step));
        stream.update(new Uint8Array(0));
        assert.equal(hex(stream.digest()), wanted, `${length} bytes in steps of ${step}`);
      }
    }
  });

  test("HashStream leaves the bytes to the caller once it has them", async () => {
    const hasher = await open();
    const stream = await hasher.stream();
    const piece = ascii("ab");
    stream.update(piece);
    piece.fill(0);
    stream.update(ascii("c"));
    assert.equal(hex(stream.digest()), VECTORS[1]![2]);
  });

  test("HashStreams run beside each other and beside digests", async () => {
    const hasher = await open();
    const bytes = someBytes(1000);
    const streams = await Promise.all([hasher.stream(), hasher.stream(), hasher.stream()]);
    for (let at = 0; at < 1000; at += 100) {
      for (const [n, stream] of streams.entries()) {
        stream.update(bytes.subarray(at + n, at + 100));
      }
      await hasher.digest(ascii("in between"));
    }
    const whole = hex(await hasher.digest(bytes));
    const digests = streams.map((stream) => hex(stream.digest()));
    assert.equal(digests[0], whole);
    assert.equal(new Set(digests).size, 3);
    const alone = await hasher.stream();
    for (let at = 0; at < 1000; at += 100) alone.update(bytes.subarray(at + 1, at + 100));
    assert.equal(hex(alone.digest()), digests[1]);
  });

  test("HashStream ends with its digest", async () => {
    const stream = await (await open()).stream();
    stream.update(ascii("abc"));
    stream.digest();
    assert.throws(() => stream.update(ascii("d")), TypeError);
    assert.throws(() => stream.digest(), TypeError);
  });
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
