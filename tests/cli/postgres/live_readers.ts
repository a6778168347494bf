import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { MAIN } from "../run_cli.ts";

/** The channel of these tests. */
export const CHANNEL = "forsen";
const ID = /"id":"([^"]+)"/;
const SENT = /"tmi-sent-ts":"(\d+)"/;
const LIMIT_MS = 60_000;

/** Messages of the feed, with when they came after they were sent, until there are enough. */
export async function follow(
  port: number,
  delaysMs: Map<string, number>,
  count: number,
): Promise<void> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(`http://127.0.0.1:${port}/live?channel=${CHANNEL}`, { signal });
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const [id, sentMs] = [ID.exec(line)?.[1], SENT.exec(line)?.[1]];
      if (id === undefined || sentMs === undefined) continue;
      assert.ok(!delaysMs.has(id), `${id} came twice`);
      delaysMs.set(id, Date.now() - Number(sentMs));
    }
    if (delaysMs.size >= count) return;
  }
}

/** The ids of a channel's messages in the last quarter of an hour, as chat. */
export async function chat(port: number): Promise<Set<string>> {
  const start = new Date(Date.now() - 900_000).toISOString().slice(0, 16);
  const end = new Date(Date.now() + 120_000).toISOString().slice(0, 16);
  const url = `http://127.0.0.1:${port}/${CHANNEL}/chat.json?start=${start}&end=${end}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return new Set([...text.matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id!));
}

/** The ids of a channel's messages of this day, as a log. */
export async function log(port: number): Promise<Set<string>> {
  const url = `http://127.0.0.1:${port}/channel/${CHANNEL}?json`;
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return new Set([...text.matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id!));
}

/** A recorder whose broker is away, which serves nothing. */
export function startRecording(
  address: string,
  { url, home }: { readonly url: string; readonly home: string },
) {
  const config = join(home, "chatloom.toml");
  writeFileSync(config, '[broker]\nurl = "amqp://127.0.0.1:1/%2f"\narchive = "main"\n');
  const child = startVerb(
    ["record", CHANNEL, "--archive", address, "--url", url, "--config", config],
    { XDG_STATE_HOME: home },
  );
  child.stdout!.resume();
  return { end: () => killed(child) };
}

/** What a verb prints first; then it is ended. */
export async function firstLines(
  args: readonly string[],
  { count, env }: { readonly count: number; readonly env: { readonly [name: string]: string } },
): Promise<string[]> {
  const child = startVerb(args, env);
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  try {
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      if (lines.push(line) === count) break;
    }
    assert.equal(lines.length, count, "it ended");
    return lines;
  } finally {
    clearTimeout(limit);
    await killed(child);
  }
}

function startVerb(args: readonly string[], env: { readonly [name: string]: string }) {
  const runtime = process.versions["deno"] === undefined ? [] : ["run", "-A", "--no-check"];
  return spawn(process.execPath, [...runtime, MAIN, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  process.kill(child.pid!, "SIGKILL");
  await ended;
}
