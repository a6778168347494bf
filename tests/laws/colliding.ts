import fc from "fast-check";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import { sentUs } from "../../src/core/batch/content.ts";

// Batches that are likely to speak about the same: three contents of each kind, three receivers,
// ranges on a small grid that touch, nest and chain.

const RECEIVERS = ["alpha.AbCdE.0", "alpha.AbCdE.1", "beta \u00e9.xYz12.0"];

const CONTENTS = [
  { command: "JOIN", host: "h", params: ["#c"], sender: "s", tags: null, user: "u" },
  {
    command: "ROOMSTATE",
    host: null,
    params: ["#c"],
    sender: "t",
    tags: { slow: "5" },
    user: null,
  },
  {
    command: "NOTICE",
    host: null,
    params: ["#c", 'a\u{1f600}\n"\ud83d'],
    sender: "t",
    tags: { "tmi-sent-ts": "soon", "__proto__x": "" },
    time_unknown: [{ b: 1, a: -0.5 }],
    user: null,
  },
  {
    command: "PRIVMSG",
    host: "h",
    params: ["#c", "hi"],
    sender: "s",
    tags: { id: "1", "tmi-sent-ts": "1568505658000" },
    user: "u",
  },
  {
    command: "PRIVMSG",
    host: "h",
    params: ["#c", "hi"],
    sender: "s",
    tags: { id: "2", "tmi-sent-ts": "1568505658000" },
    user: "u",
  },
  {
    aUnknown: null,
    command: "CLEARCHAT",
    host: "h",
    params: [],
    sender: null,
    tags: { id: "1", "tmi-sent-ts": "3000" },
    user: "u",
    zUnknown: { "\uff21": true, "\u{1f600}": "x" },
  },
];

/** Seconds on a grid of whole ones, sometimes as foreign floats just off it, at the edge of a minute. */
function seconds(max: number): fc.Arbitrary<number> {
  return fc.tuple(fc.nat(max), fc.constantFrom(0, 0, 0, 0.5, 0.1 + 0.2, 1 / 3, 4e-7, 6e-7))
    .map(([whole, part]) => whole + part);
}

// A minute starts at 1568505660.
const received = fc.oneof(
  { weight: 4, arbitrary: fc.nat(3).map((n) => 1568505658 + n / 2) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, -1.5, 1e-5, 1e22, 1568505653.4480002) },
);
const range = fc.record({ time: seconds(8).map((s) => 1568505655 + s), time_range: seconds(5) });
const ownRange = fc.tuple(received, range).map(([received, own]) => ({ received, ...own }));
const receivers = fc.dictionary(
  fc.constantFrom(...RECEIVERS),
  fc.oneof({ weight: 3, arbitrary: received }, { weight: 1, arbitrary: ownRange }),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true },
);

/** `-0` would lose its sign in JSON.stringify; files may have it. */
function toJson(value: unknown): string {
  if (Object.is(value, -0)) return "-0.0";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join(", ")}]`;
  const pairs = Object.entries(value).map(([key, each]) =>
    `${JSON.stringify(key)} : ${toJson(each)}`
  );
  return `{${pairs.join(", ")}}`;
}

const UTF8 = new TextEncoder();

const STYLES = ["canonical", "spaced", "reversed"] as const;

const line = fc.tuple(fc.constantFrom(...CONTENTS), receivers, range, fc.constantFrom(...STYLES))
  .map(([content, receivers, range, style]) => {
    const message = { ...content, receivers, ...range };
    if (style === "spaced") return toJson(message);
    if (style === "reversed") return toJson(Object.fromEntries(Object.entries(message).reverse()));
    const sent = sentUs(content.tags);
    const exact = sent === undefined ? message : { ...message, time: sent / 1e6, time_range: 0 };
    return new TextDecoder().decode(encodeBatch([exact])).slice(0, -1);
  });

/**
 * Bytes of batches, mostly not canonical, whose lines come from a pool that `seed` decides: drawing
 * from a pool is much cheaper than making each line anew, and makes them meet again.
 *
 * @param options.foreign lines that other programs wrote, to be mixed in.
 */
export function batches(
  seed: number,
  { foreign }: { readonly foreign: readonly string[] },
): fc.Arbitrary<Uint8Array> {
  const pool = [...fc.sample(line, { seed, numRuns: 2_000 }), ...foreign];
  const encoded = pool.map((each) => UTF8.encode(each + "\n"));
  return fc.array(fc.constantFrom(...encoded), { maxLength: 6 }).map(concat);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
