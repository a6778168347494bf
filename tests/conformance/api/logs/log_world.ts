import assert from "node:assert/strict";
import { parseIrcLine } from "../../../../src/core/irc/irc_line.ts";
import { encodeCoverage } from "../../../../src/core/coverage/coverage.ts";
import { formatArchiveKey, parseHour } from "../../../../src/core/archive/archive_key.ts";
import { wasmHasher } from "../../../../src/adapters/hashers/wasm_hasher.ts";
import { re2Patterns } from "../../../../src/adapters/patterns/re2_patterns.ts";
import type { Message } from "../../../../src/core/batch/message.ts";
import type { NodeApiOptions } from "../../../../src/engine/api/node_api.ts";
import type { LogApiOptions } from "../../../../src/engine/api/logs/log_context.ts";
import { type ApiWorld, apiWorld } from "../api_world.ts";

const hasher = await wasmHasher();

/** Lines of IRC as messages, received a quarter of a second after they were sent. */
export function messagesOf(lines: readonly string[]): Message[] {
  return lines.map((line) => {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok, line);
    const time = Number(parsed.message.tags?.["tmi-sent-ts"]) / 1000;
    return {
      ...parsed.message,
      time,
      time_range: 0,
      receivers: { "alpha.AbCdE.0": time + 0.25 },
    };
  });
}

/** Stores lines in the folders of their channels, a file a minute. */
export async function record(world: ApiWorld, lines: readonly string[]): Promise<void> {
  const minutes = new Map<string, Message[]>();
  for (const message of messagesOf(lines)) {
    const channel = message.params[0]!.slice(1);
    const key = `${channel} ${Math.floor(message.time / 60)}`;
    minutes.set(key, [...minutes.get(key) ?? [], message]);
  }
  for (const [key, messages] of minutes) await world.put(key.split(" ")[0]!, messages);
}

/** How a line of {@link say} differs. */
export interface SayOptions {
  readonly channel?: string;
  readonly room?: string;
  readonly login?: string;
  readonly id?: string;
  readonly user?: string;
  readonly more?: string;
}

/** A PRIVMSG at a time such as `2026-07-30T10:00:00.5Z`. */
export function say(at: string, text: string, options: SayOptions = {}): string {
  const { channel = "forsen", room = "11", login = "ada", user = "1", more = "" } = options;
  const { id = `${login}-${at}` } = options;
  const name = login[0]!.toUpperCase() + login.slice(1);
  return `@badges=;display-name=${name};id=${id};room-id=${room};tmi-sent-ts=${ms(at)};` +
    `user-id=${user}${more} :${login}!${login}@${login}.tmi.twitch.tv PRIVMSG #${channel} :${text}`;
}

/** Twitch's time of an instant. */
export function ms(at: string): number {
  return Date.parse(at);
}

/**
 * A small archive. Room 11 was called `nani` until July and is `forsen` now; user 1 was `adalove` and is `ada`. Room
 * 22 took the free login `nani`. Nothing was listened to but 12:00 to 12:30 of the newest day.
 */
export const LINES: readonly string[] = [
  say("2026-05-02T08:00:00Z", "first of all", { channel: "nani", login: "adalove" }),
  say("2026-05-03T08:00:01Z", "from bob", { channel: "nani", login: "bob", user: "2" }),
  say("2026-07-30T10:00:00.500Z", "hello forsen"),
  say("2026-07-30T10:00:01.250Z", "\u0001ACTION waves\u0001", { login: "bob", user: "2" }),
  `@ban-duration=600;room-id=11;target-user-id=2;tmi-sent-ts=${ms("2026-07-30T10:00:02Z")} ` +
  ":tmi.twitch.tv CLEARCHAT #forsen :bob",
  `@badges=;display-name=Cy;id=sub-1;login=cy;msg-id=subgift;msg-param-recipient-id=1;room-id=11;` +
  `system-msg=Cy\\sgifted\\sa\\ssub!;tmi-sent-ts=${ms("2026-07-30T10:00:03Z")};user-id=3 ` +
  ":tmi.twitch.tv USERNOTICE #forsen :have fun",
  `@login=ada;room-id=;target-msg-id=ada-x;tmi-sent-ts=${ms("2026-07-30T10:00:04Z")} ` +
  ":tmi.twitch.tv CLEARMSG #forsen :bad words",
  `@room-id=11;tmi-sent-ts=${ms("2026-07-30T10:00:05Z")} :tmi.twitch.tv CLEARCHAT #forsen`,
  say("2026-08-01T12:00:00.125Z", "Straße to the MOON"),
  say("2026-08-01T12:10:00Z", "moon again", { login: "bob", user: "2", more: ";user-type=" }),
  say("2026-08-01T12:20:00Z", "last words"),
  say("2026-08-01T09:00:00Z", "another room", { channel: "nani", room: "22" }),
];

/** A world with these {@link LINES}, an opted-out channel (33) and an opted-out user (9). */
export async function logWorld(
  logs: LogApiOptions = {},
  options: Partial<NodeApiOptions> = {},
): Promise<ApiWorld> {
  const world = apiWorld({
    logs: { patterns: re2Patterns(), ...logs },
    optOuts: {
      isUserOptedOut: (id) => id === "9",
      isChannelOptedOut: (id) => id === "33",
      isChannelNameOptedOut: () => false,
      hasOptedOutChannels: true,
    },
    ...options,
  });
  await record(world, [
    ...LINES,
    say("2026-08-01T11:00:00Z", "hidden", { channel: "shy", room: "33" }),
    say("2026-08-01T11:30:00Z", "hidden too", { login: "shyuser", user: "9" }),
  ]);
  const hourUs = parseHour("2026-08-01T12")!;
  const heard = encodeCoverage(hourUs, new Map([["alpha.AbCdE.0", [[0, 1800]]]]));
  const digest = hasher.digest(heard);
  await world.store.put(
    formatArchiveKey({ kind: "coverage", channel: "forsen", hourUs, digest }),
    heard,
  );
  return world;
}
