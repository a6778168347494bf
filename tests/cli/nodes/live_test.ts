import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { orAbort } from "../../../src/async/abort.ts";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { runCli } from "../run_cli.ts";
import { type NodeProcess, startNode, startServing, stopNode, until } from "./node_processes.ts";

// A simulated Twitch sends 200 lines a second to one channel. A recorder serves what it has, and a server of
// its own reads the recorder's journal. Each message says when it was sent, by the clock of this machine.

const SECONDS = Number(process.env["LIVE_SECONDS"] ?? 8);
// A short run shares its machine with other tests: there, only what is seen at all and the CPU that it takes tell
// something.
const IS_MEASURED = SECONDS >= 60;
const LIMIT_MS = IS_MEASURED ? 2_000 : 60_000;
const CPU_MAX_PERCENT = 80;
const RATE = 200;
const CHANNEL = "forsen";
/** How often a reader asks for the last seconds. */
const POLL_MS = 250;
/** How often a tool for logs does, and for how many seconds. */
const LOG_POLL_MS = 500;
const LOG_S = 6;
const LINE_ID = /"id":"([^"]+)"[^\n]*?"tmi-sent-ts":"(\d+)"/;
const LINE_USER = /"user-id":"(\d+)"/;
const LINE_TEXT = /"params":\["#\w+","([^"\\]*)"/;

/** When each message was seen for the first time, in ms after it was sent, and how often it came. */
class Seen {
  readonly delaysMs = new Map<string, number>();
  readonly counts = new Map<string, number>();
  /** The newest line. */
  newest = "";

  take(line: string): void {
    const match = LINE_ID.exec(line);
    if (match === null) return;
    if (line.includes('"command":"PRIVMSG"')) this.newest = line;
    this.note(match[1]!, Number(match[2]));
  }

  /** Takes a line of IRC. */
  takeRaw(line: string): void {
    const [id, sentMs] = [/[@;]id=([^;]+)/.exec(line)?.[1], /tmi-sent-ts=(\d+)/.exec(line)?.[1]];
    if (id !== undefined && line.includes(" PRIVMSG ")) this.note(id, Number(sentMs));
  }

  note(id: string, sentMs: number): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    if (!this.delaysMs.has(id)) this.delaysMs.set(id, Date.now() - sentMs);
  }

  p99(sinceCount: number): number {
    const delays = [...this.delaysMs.values()].slice(sinceCount).sort((a, b) => a - b);
    return delays[Math.floor(delays.length * 0.99)] ?? Infinity;
  }
}

/** A server that says nothing for this long is taken for gone: a feed has a heartbeat more often. */
const SILENCE_MS = 20_000;

/** Settles as `work` does, or rejects when `signal` aborts or after {@link SILENCE_MS}, whatever `work` does. */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return orAbort(work, AbortSignal.any([signal, AbortSignal.timeout(SILENCE_MS)]));
}

/** The text at `url`. */
function textAt(url: string, signal: AbortSignal): Promise<string> {
  return inTime(fetch(url, { signal }).then((response) => response.text()), signal);
}

/** Follows a feed, also over the end of its process, until `signal` aborts. */
async function followFeed(url: string, seen: Seen, signal: AbortSignal): Promise<void> {
  let lastId: string | undefined;
  while (!signal.aborted) {
    try {
      const headers: HeadersInit = lastId === undefined ? {} : { "last-event-id": lastId };
      const asked = fetch(`${url}/live?channel=${CHANNEL}`, { headers, signal });
      const { body } = await inTime(asked, signal);
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await inTime(reader.read(), signal);
        if (done) break;
        text += value;
        const lines = text.split("\n");
        text = lines.pop()!;
        for (const line of lines) {
          if (line.startsWith("id: ")) lastId = line.slice(4);
          if (line.startsWith("data: ")) seen.take(line);
        }
      }
    } catch {
      await sleep(50);
    }
  }
}

/** Asks again and again for the last seconds of chat, until `signal` aborts. */
async function pollChat(url: string, seen: Seen, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const nowS = Date.now() / 1_000;
    const start = new Date((nowS - 12) * 1_000).toISOString();
    const end = new Date((nowS + 60) * 1_000).toISOString();
    try {
      const asked = `${url}/${CHANNEL}/chat.json?start=${start}&end=${end}&command=PRIVMSG`;
      const text = await textAt(asked, signal);
      const ids = new Set<string>();
      for (const line of text.split(',{"command"')) {
        const id = LINE_ID.exec(line)?.[1] ?? "";
        assert.ok(id === "" || !ids.has(id), `${id} came twice in one answer`);
        ids.add(id);
        seen.take(line);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** How a route of logs is asked. */
interface LogQuestion {
  /** The newest line of the feed → a path, if the line can be asked for. */
  readonly path: (newest: string) => string | undefined;
  /** Whether it asks for what that line names: of its answer only the line counts, the others are older. */
  readonly isOfOne?: boolean;
}

/** Asks a route for lines of IRC again and again, until `signal` aborts. */
async function pollLog(
  url: string,
  { path, isOfOne = false }: LogQuestion,
  { feed, seen, signal }: {
    readonly feed: Seen;
    readonly seen: Seen;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let wanted = "";
  while (!signal.aborted) {
    if (wanted === "" || seen.counts.has(idOf(wanted))) wanted = feed.newest;
    const sentMs = Number(LINE_ID.exec(wanted)?.[2]);
    // It is out of the range that is asked for: late enough to be told as such.
    if (isOfOne && Date.now() - sentMs > 1_000 * LOG_S) seen.note(idOf(wanted), sentMs);
    const asked = path(wanted);
    if (asked === undefined) wanted = "";
    try {
      const text = asked === undefined ? "" : await textAt(url + asked, signal);
      const lines = text.startsWith("{")
        ? JSON.parse(text).messages as string[]
        : text.split("\r\n");
      const ids = new Set<string>();
      for (const line of lines) {
        const id = /[@;]id=([^;]+)/.exec(line)?.[1] ?? "";
        assert.ok(id === "" || !ids.has(id), `${id} came twice in one answer to ${asked}`);
        ids.add(id);
        if (!isOfOne || id === idOf(wanted)) seen.takeRaw(line);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      wanted = ""; // It may be lost with a process that was killed.
    }
    await sleep(isOfOne ? POLL_MS : LOG_POLL_MS, undefined, { signal }).catch(() => {});
  }
}

function idOf(line: string): string {
  return LINE_ID.exec(line)?.[1] ?? "";
}

/** The routes of logs that are asked for what was just said. */
function logQuestions(): Readonly<Record<string, LogQuestion>> {
  const range = () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    return `from=${at(-1_000 * LOG_S)}&to=${at(60_000)}&raw`;
  };
  const log = `/channel/${CHANNEL}`;
  return {
    "log of the channel": { path: () => `${log}?${range()}` },
    "recent messages": {
      path: () => `/api/v2/recent-messages/${CHANNEL}?limit=${LOG_S * RATE}`,
    },
    "log of a user": {
      isOfOne: true,
      path(newest) {
        const id = LINE_USER.exec(newest)?.[1];
        return id && `${log}/userid/${id}?${range()}`;
      },
    },
    "search": {
      isOfOne: true,
      path(newest) {
        const words = LINE_TEXT.exec(newest)?.[1]?.match(/(?<![^ ])[a-zA-Z]{3,}(?![^ ])/g);
        return words ? `${log}/search?q=${words[0]}&limit=1000&${range()}` : undefined;
      },
    },
  };
}

function cpuSeconds({ child }: NodeProcess): Promise<number> {
  return import("node:fs/promises").then(async ({ readFile }) => {
    const fields = (await readFile(`/proc/${child.pid}/stat`, "utf8")).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  }).catch(() => NaN);
}

/** Routes that are asked for one message after the other see a part of them. */
function isOfOne(name: string): boolean {
  return name.startsWith("search") || name.startsWith("log of a user");
}

/** How many messages a reader sees at least in `seconds`. */
function leastOf(name: string, seconds: number): number {
  return isOfOne(name) ? seconds / 20 : RATE * seconds / 2;
}

type Readers = Readonly<Record<string, Seen>>;

/** Lets `seconds` pass, and in a short run as many more as the readers take to see what they would in this time. */
async function readFor(seconds: number, seen: Readers): Promise<void> {
  const counts = Object.values(seen).map(({ delaysMs }) => delaysMs.size);
  await sleep(seconds * 1_000);
  if (IS_MEASURED) return;
  for (const [i, [name, { delaysMs }]] of Object.entries(seen).entries()) {
    await until(() => delaysMs.size > counts[i]! + leastOf(name, seconds), {
      limitS: 90,
      what: `messages in the ${name}`,
    });
  }
}

/** Asserts that each reader saw enough since it had seen `since` of them, and soon after they were sent. */
function assertFresh(
  seen: Readers,
  { since, seconds }: { readonly since: readonly number[]; readonly seconds: number },
): void {
  for (const [i, [name, each]] of Object.entries(seen).entries()) {
    const [p99, count] = [each.p99(since[i]!), each.delaysMs.size - since[i]!];
    console.log(`${name}: p99 ${p99} ms of ${count} messages`);
    assert.ok(count > leastOf(name, seconds), `${name} saw ${count} messages in ${seconds} s`);
    assert.ok(p99 < LIMIT_MS, `${name}: p99 ${p99} ms`);
  }
}

test(`messages are seen within two seconds, at ${RATE} lines a second for ${SECONDS} s, and none is skipped by kill -9`, async (t) => {
  const archive = await mkdtemp(join(tmpdir(), "chatloom-live-"));
  const served = await serveSimulatedTwitch({
    seed: "live",
    channels: [CHANNEL],
    chat: { ratePerSecond: RATE },
  });
  const stop = new AbortController();
  const nodes: NodeProcess[] = [];
  t.after(async () => {
    stop.abort();
    for (const node of nodes) await stopNode(node, "SIGKILL");
    await served.close();
    await rm(archive, { recursive: true });
  });
  const args = [CHANNEL, "--url", served.url, "--archive", archive, "--node", "node"];
  const recorder = await startNode(args);
  nodes.push(recorder);
  const beside = await startServing(["serve", "--archive", archive, "--listen", "127.0.0.1:0"]);
  nodes.push(beside);
  const own = `http://127.0.0.1:${recorder.port}`;
  const other = `http://127.0.0.1:${beside.port}`;
  const seen: Record<string, Seen> = {
    "feed of the recorder": new Seen(),
    "chat.json of the recorder": new Seen(),
    "feed beside it": new Seen(),
    "chat.json beside it": new Seen(),
  };
  const work = [
    followFeed(own, seen["feed of the recorder"]!, stop.signal),
    pollChat(own, seen["chat.json of the recorder"]!, stop.signal),
    followFeed(other, seen["feed beside it"]!, stop.signal),
    pollChat(other, seen["chat.json beside it"]!, stop.signal),
  ];
  for (const [url, where] of [[own, "of the recorder"], [other, "beside it"]] as const) {
    const feed = seen[`feed ${where}`]!;
    for (const [name, question] of Object.entries(logQuestions())) {
      const log = seen[`${name} ${where}`] = new Seen();
      work.push(pollLog(url, question, { feed, seen: log, signal: stop.signal }));
    }
  }
  for (const each of Object.values(seen)) {
    await until(() => each.counts.size > 0, { limitS: 90, what: "a first message" });
  }
  // What is asked for first may be seconds old.
  await sleep(2_000);
  const since = Object.values(seen).map(({ delaysMs }) => delaysMs.size);
  const cpuBefore = [await cpuSeconds(recorder), await cpuSeconds(beside)];
  const beganMs = performance.now();
  await readFor(SECONDS, seen);
  const tookS = (performance.now() - beganMs) / 1_000;
  const cpuAfter = [await cpuSeconds(recorder), await cpuSeconds(beside)];
  const cpu = cpuAfter.map((seconds, i) => Math.round(100 * (seconds - cpuBefore[i]!) / tookS));
  console.log(`CPU of the recorder ${cpu[0]} %, of the server ${cpu[1]} %, of one core`);
  assertFresh(seen, { since, seconds: SECONDS });
  for (const percent of cpu) assert.ok(!(percent > CPU_MAX_PERCENT), `${percent} % of a core`);
  for (const name of ["feed of the recorder", "feed beside it"] as const) {
    assert.ok([...seen[name]!.counts.values()].every((count) => count === 1), `${name}: once each`);
  }

  await stopNode(recorder, "SIGKILL");
  await sleep(300);
  const again = await startNode([...args, "--serve", `127.0.0.1:${recorder.port}`]);
  nodes.push(again);
  const counts = Object.values(seen).map(({ counts }) => counts.size);
  for (const [i, [name, each]] of Object.entries(seen).entries()) {
    const more = isOfOne(name) ? 1 : 100;
    await until(() => each.counts.size > counts[i]! + more, {
      limitS: 90,
      what: `messages after the restart in the ${name}`,
    });
  }
  await sleep(2_000); // What came while the recorder was gone is seen late.
  const sinceAgain = Object.values(seen).map(({ delaysMs }) => delaysMs.size);
  await readFor(4, seen);
  console.log("after kill -9 and the start of another recorder:");
  assertFresh(seen, { since: sinceAgain, seconds: 4 });
  // What was seen last need not be the last that was archived; and Twitch delivers out of order, by less than 2 s.
  const untilMs = Date.now();
  for (const name of ["feed of the recorder", "feed beside it"] as const) {
    await until(() => Number(LINE_ID.exec(seen[name]!.newest)?.[2]) > untilMs + 2_000, {
      limitS: 90,
      what: `what was sent until then in the ${name}`,
    });
  }
  stop.abort();
  await Promise.all(work);
  await stopNode(again, "SIGTERM");
  const { stdout } = await runCli(["cat", "--archive", archive, CHANNEL, "--command", "PRIVMSG"]);
  const archived = stdout.trimEnd().split("\n").map((line) => LINE_ID.exec(line)!);
  for (const name of ["feed of the recorder", "feed beside it"] as const) {
    const [first] = seen[name]!.counts.keys();
    const from = archived.findIndex((match) => match[1] === first);
    // Twitch delivers out of order: the first seconds may have come before.
    const owed = archived.slice(from).filter(([, , sentMs], i) =>
      i > 50 && Number(sentMs) < untilMs
    );
    const missing = owed.filter(([, id = ""]) => !seen[name]!.counts.has(id));
    assert.ok(owed.length > RATE * SECONDS / 2);
    assert.deepEqual(missing.map(([, id]) => id), [], `${name} skipped some of ${owed.length}`);
  }
});
