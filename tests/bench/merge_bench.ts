// How fast is a merge?
//
// A busy channel sends 20 messages a second, 500 bytes each in a batch: a node that slept through
// ten hours comes back with 27 MB twice over. Those bytes have to be read at least once, compared
// once and hashed once: at memory speed some 30 ms. The usual first step, JSON.parse of
// every line, is the measure: all of a merge (decode, merge, encode, hash) shall take no longer.
import { createHash } from "node:crypto";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import { seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { tellRow } from "./bench_row.ts";
import { leastMs, medianMs } from "./worlds/rounds.ts";

const UTF8 = new TextEncoder();

interface Chat {
  readonly sentMs: number;
  readonly n: number;
}

function chat(count: number, random: () => number): Chat[] {
  let sentMs = 1_700_000_000_000;
  return Array.from({ length: count }, (_, n) => {
    sentMs += Math.ceil(random() * 100);
    return { sentMs, n };
  });
}

const WORDS = [
  "PepeLaugh",
  "forsenE",
  "what is that song",
  "KEKW",
  "no way he did it",
  "\u{1f602}",
];

/** A line as a recorder writes it: received times as Python's and ours have them, to a fraction of a µs. */
function privmsg({ sentMs, n }: Chat, receiver: string, random: () => number): string {
  const user = `viewer_${n % 3000}`;
  const hex = (Math.imul(n, 2654435761) >>> 0).toString(16).padStart(8, "0");
  const tags = {
    "badge-info": `subscriber/${n % 40}`,
    badges: `subscriber/${n % 40},premium/1`,
    "client-nonce": `${hex}${hex}${hex}${hex}`,
    color: "#1E90FF",
    "display-name": `Viewer_${n % 3000}`,
    emotes: "",
    "first-msg": "0",
    flags: "",
    id: `${hex}-d31e-4dd3-aa4e-e511a72464${String(n).padStart(6, "0")}`,
    mod: "0",
    "returning-chatter": "0",
    "room-id": "22484632",
    subscriber: "1",
    "tmi-sent-ts": String(sentMs),
    turbo: "0",
    "user-id": String(100_000 + n % 3000),
    "user-type": "",
  };
  const text = JSON.stringify(`${WORDS[n % 6]} ${n}`).replace("\u{1f602}", "\\ud83d\\ude02");
  const received = sentMs / 1000 + 0.05 + random() / 5;
  return `{"command":"PRIVMSG","host":"${user}.tmi.twitch.tv","params":["#forsen",${text}],` +
    `"receivers":{"${receiver}":${received}},"sender":"${user}","tags":${JSON.stringify(tags)},` +
    `"time":${sentMs % 1000 === 0 ? `${sentMs / 1000}.0` : sentMs / 1000},"time_range":0.0,` +
    `"user":"${user}"}`;
}

function join(startS: number, n: number, receiver: string): string {
  return `{"command":"JOIN","host":"v${n}.tmi.twitch.tv","params":["#forsen"],"receivers":` +
    `{"${receiver}":${startS + 50.25}},"sender":"v${n}","tags":null,"time":${startS}.5,` +
    `"time_range":55.0,"user":"v${n}"}`;
}

function toBatch(lines: readonly string[]): Uint8Array {
  return UTF8.encode(lines.map((line) => line + "\n").join(""));
}

async function benchExact(): Promise<void> {
  const chance = seededRandom(1);
  const random = () => chance.next();
  const all = chat(51_000, random);
  const sides = [all.slice(0, 50_000), all.slice(1_000)].map((side, i) =>
    side.map((one) => privmsg(one, ["alpha.AbCdE.0", "beta.xYz12.0"][i]!, random))
  );
  const batches = sides.map(toBatch);
  const lines = sides.flat();
  const { parse, merge, hash } = await medianMs({
    parse: () => lines.reduce((sum, line) => sum + (JSON.parse(line) === null ? 0 : 1), 0),
    merge: () => createHash("sha256").update(mergeBatches(batches)).digest()[0]!,
    hash: () => batches.reduce((sum, b) => sum + createHash("sha256").update(b).digest()[0]!, 0),
  }, { prepare: () => undefined, rounds: 9, warmUps: 2 });
  const least = await leastMs({
    parse: () => lines.reduce((sum, line) => sum + (JSON.parse(line) === null ? 0 : 1), 0),
    merge: () => mergeBatches(batches).length,
  }, { rounds: 9, warmUps: 1 });
  const bytes = batches[0]!.length + batches[1]!.length;
  console.log(`two files of 50,000 messages that overlap by 98 %: ${(bytes / 1e6).toFixed(1)} MB`);
  const unit = "× JSON.parse of every line";
  tellRow({ name: "SHA-256 of the input", figure: hash / parse, unit });
  tellRow({
    name: "merge",
    figure: least.merge / least.parse,
    unit,
    atMost: 0.7,
    detail: `${least.merge.toFixed(0)} against ${least.parse.toFixed(0)} ms`,
  });
  tellRow({
    name: "merge and hash",
    figure: merge / parse,
    unit,
    atMost: 1,
    detail: `${merge.toFixed(0)} against ${parse.toFixed(0)} ms`,
  });
}

/** A line of a recorder: a JOIN in a range of 1 to 60 s, both ends known to the microsecond. */
function plainJoin(n: number, side: number, random: () => number): [startUs: number, line: string] {
  const startUs = (1_700_000_000 + Math.floor(n / 30)) * 1e6 + Math.floor(random() * 1e6);
  const endUs = startUs + 1e6 + Math.floor(random() * 59e6);
  const receiver = ["alpha.AbCdE.0", "beta.xYz12.0"][side]!;
  const received = startUs / 1e6 + 50 + random();
  return [
    startUs,
    `{"command":"JOIN","host":"v${n}.tmi.twitch.tv","params":["#forsen"],"receivers":` +
    `{"${receiver}":${received}},"sender":"v${n}","tags":null,"time":${startUs / 1e6},` +
    `"time_range":${endUs / 1e6 - startUs / 1e6},"user":"v${n}"}`,
  ];
}

/** 16,000 JOINs a side of as many users, against exact messages of as many bytes. */
async function benchJoins(): Promise<void> {
  const chance = seededRandom(2);
  const random = () => chance.next();
  const joins = [0, 1].map((side) =>
    Array.from({ length: 16_000 }, (_, n) => plainJoin(n, side, random))
      .sort(([left], [right]) => left - right).map(([, line]) => line)
  );
  const all = chat(6_300, random);
  const exact = ["alpha.AbCdE.0", "beta.xYz12.0"].map((receiver) =>
    all.map((one) => privmsg(one, receiver, random))
  );
  const works = { joins: joins.map(toBatch), exact: exact.map(toBatch) };
  const lines = joins.flat();
  const once = mergeBatches(works.joins);
  const ms = await leastMs({
    parse: () => lines.reduce((sum, line) => sum + (JSON.parse(line) === null ? 0 : 1), 0),
    joins: () => mergeBatches(works.joins).length,
    again: () => mergeBatches([once]).length,
    exact: () => mergeBatches(works.exact).length,
  });
  const bytes = ([left, right]: Uint8Array[]) => left!.length + right!.length;
  const perExactByte = ms.exact / bytes(works.exact);
  console.log(`two files of 16,000 JOINs: ${(bytes(works.joins) / 1e6).toFixed(1)} MB`);
  tellRow({
    name: "merge JOINs",
    figure: ms.joins / ms.parse,
    unit: "× JSON.parse of every line",
    detail: `${ms.joins.toFixed(1)} against ${ms.parse.toFixed(1)} ms`,
  });
  tellRow({
    name: "merge JOINs, a byte",
    figure: ms.joins / bytes(works.joins) / perExactByte,
    unit: "× exact lines of as many bytes",
    atMost: 2,
  });
  tellRow({
    name: "merge merged JOINs again, a byte",
    figure: ms.again / once.length / perExactByte,
    unit: "× exact lines of as many bytes",
    atMost: 2,
  });
}

type Shape = (n: number, side: number) => string;

async function benchRanged(name: string, shape: Shape): Promise<void> {
  const [thousand, eightThousand] = [1_000, 8_000].map((count) =>
    [0, 1].map((side) => toBatch(Array.from({ length: count }, (_, n) => shape(n, side))))
  );
  const { few, many } = await medianMs({
    few: () => mergeBatches(thousand!).length,
    many: () => mergeBatches(eightThousand!).length,
  }, { prepare: () => undefined, rounds: 5, warmUps: 1 });
  tellRow({
    name: `8,000 a side: ${name}`,
    figure: many / few,
    unit: "× 1,000 a side",
    atMost: 20,
    detail: `${many.toFixed(1)} against ${few.toFixed(1)} ms`,
  });
}

await benchExact();
await benchJoins();
console.log("ranged messages, 8,000 a side against 1,000:");
const receivers = ["alpha.AbCdE.0", "beta.xYz12.0"];
const S = 1_700_000_000;
await benchRanged(
  "joins of many users",
  (n, side) => join(S + n + side, n % 700, receivers[side]!),
);
await benchRanged(
  "one user, one after the other",
  (n, side) => join(S + 9 * n + side, 1, receivers[side]!),
);
await benchRanged(
  "one user, all at once",
  (n, side) => join(S, 1, receivers[side]!).replace(/("[a-z]+\.[^"]+\.0":)[\d.]+/, `$1${S + n}.5`),
);
await benchRanged(
  "one user, all within a minute",
  (n, side) =>
    join(S + (n * 7 + side) % 55, 1, receivers[side]!)
      .replace(/("[a-z]+\.[^"]+\.0":)[\d.]+/, `$1${S + n}.5`),
);
await benchRanged(
  "one user, many receivers",
  (n, side) => join(S + (n * 13) % 900, 1, `node${side}.AbCdE.${n}`),
);
await benchRanged(
  "one user, many receivers, all at once",
  (n, side) =>
    join(S + n % 7, 1, `node${side}.AbCdE.${n % 500}`)
      .replace(/(\.AbCdE\.\d+":)[\d.]+/, `$1${S + n}.5`),
);
