import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import { CapturedConnections } from "../../src/engine/record/captured_connections.ts";
import { Recording } from "../../src/engine/record/recording.ts";
import { noopReporter } from "../../src/ports/reporter.ts";

/** The numbers of the connections that `lines` are taken to come from. */
function connectionsOf(lines: readonly string[]): number[] {
  const recording = new Recording({ run: "import.00000", reporter: noopReporter, isMidway: true });
  const connections = new CapturedConnections(recording);
  const moment = { receivedUs: 1_785_587_640_000_000, elapsedUs: 0 };
  return lines.map((line) => connections.of(parseIrcLine(line), moment));
}

const welcome = (nick: string) => `:tmi.twitch.tv 001 ${nick} :Welcome, GLHF!`;
const join = (nick: string, channel: string) => `:${nick}!${nick}@${nick} JOIN #${channel}`;
const roomState = (channel: string) => `@room-id=1 :tmi.twitch.tv ROOMSTATE #${channel}`;
const notice = (channel: string) => `:tmi.twitch.tv NOTICE #${channel} :hi`;

test("CapturedConnections leaves a channel with its connection when another one logs in", () => {
  const lines = [
    welcome("me1"),
    join("me1", "a"),
    roomState("a"),
    welcome("me2"),
    join("me2", "b"),
    roomState("b"),
    notice("a"),
    notice("b"),
    roomState("a"),
  ];
  assert.deepEqual(connectionsOf(lines), [0, 0, 0, 1, 1, 1, 0, 1, 0]);
});

test("CapturedConnections moves a channel to the connection that enters it anew", () => {
  const end = ":me.tmi.twitch.tv 366 me #b :End of /NAMES list";
  const lines = [
    welcome("me"),
    join("me", "a"),
    roomState("b"),
    welcome("me"),
    join("me", "A"),
    roomState("a"),
    end,
    notice("b"),
    join("you", "a"),
  ];
  assert.deepEqual(connectionsOf(lines), [0, 0, 0, 1, 1, 1, 1, 1, 1]);
});

test("CapturedConnections keeps what came before a first welcome apart", () => {
  const lines = [":tmi.twitch.tv CAP * ACK :tags", welcome("me"), notice("a")];
  assert.deepEqual(connectionsOf(lines), [0, 0, 0]);
  assert.deepEqual(connectionsOf([notice("a"), welcome("me"), notice("a"), notice("b")]), [
    0,
    1,
    0,
    1,
  ]);
});

test("CapturedConnections bounds how many it keeps apart", () => {
  const lines = Array.from({ length: 200 }, (_, i) => [welcome(`me${i}`), join(`me${i}`, `c${i}`)]);
  const numbers = connectionsOf([...lines.flat(), notice("c0"), notice("c199")]);
  assert.deepEqual(numbers.slice(-2), [199, 199], "the first one was given up");
});
