import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import { RowLayout } from "../../src/web/chat/row_layout.ts";
import {
  fetchMoment,
  isShortened,
  type LineSource,
  messagesOf,
  momentLines,
} from "../../src/web/chat/moment/moment_lines.ts";
import { choiceOf } from "../../src/web/chat/moment/selected_run.ts";
import { said } from "./page/page_archives.ts";
import { rowsThatFit } from "../../src/web/chat/moment/fit_lines.ts";
import { type LetterBox, textRuns } from "../../src/web/chat/moment/painting/text_runs.ts";

/** Letters of 10 px, each at its place on a line of 20 px. */
function lettersAt(...places: readonly (readonly [line: number, place: number])[]): LetterBox[] {
  return places.map(([line, place]) => ({
    leftPx: place * 10,
    rightPx: place * 10 + 10,
    topPx: line * 25,
    bottomPx: line * 25 + 20,
  }));
}

function runsOf(letters: readonly LetterBox[]): (readonly unknown[])[] {
  return textRuns(letters).map(({ from, until, direction, leftPx, topPx }) => [
    from,
    until,
    direction,
    leftPx,
    topPx,
  ]);
}

test("textRuns splits a word where lines are broken", () => {
  assert.deepEqual(runsOf([]), []);
  assert.deepEqual(runsOf(lettersAt([0, 3])), [[0, 1, undefined, 30, 0]]);
  assert.deepEqual(runsOf(lettersAt([0, 3], [0, 4], [0, 5])), [[0, 3, "ltr", 30, 0]]);
  assert.deepEqual(runsOf(lettersAt([0, 8], [0, 9], [1, 0], [1, 1], [2, 0])), [
    [0, 2, "ltr", 80, 0],
    [2, 4, "ltr", 0, 25],
    [4, 5, undefined, 0, 50],
  ]);
  // The next line begins right below the letter before.
  assert.deepEqual(runsOf(lettersAt([0, 0], [1, 1])), [
    [0, 1, undefined, 0, 0],
    [1, 2, undefined, 10, 25],
  ]);
});

test("textRuns splits a word where it turns", () => {
  // Two letters to the right, three to the left beyond them, then one at the far right.
  assert.deepEqual(
    runsOf(lettersAt([0, 0], [0, 1], [0, 4], [0, 3], [0, 2], [0, 5])),
    [[0, 2, "ltr", 0, 0], [2, 5, "rtl", 20, 0], [5, 6, undefined, 50, 0]],
  );
});

test("textRuns keeps marks without a width with their letter, and rounded edges together", () => {
  const mark: LetterBox = { leftPx: 10, rightPx: 10, topPx: 0, bottomPx: 20 };
  const [first, next] = lettersAt([0, 0], [0, 1]);
  assert.deepEqual(runsOf([first!, mark, mark, next!]), [[0, 4, "ltr", 0, 0]]);
  assert.deepEqual(runsOf([mark, next!]), [[0, 2, "ltr", 10, 0]]);
  assert.deepEqual(runsOf([first!, { ...next!, leftPx: 10.4 }]), [[0, 2, "ltr", 0, 0]]);
  assert.equal(runsOf([first!, { ...next!, leftPx: 14 }]).length, 2);
});

test("rowsThatFit keeps the row, and takes rows from both sides while they have room", () => {
  const heights = [10, 10, 10, 10, 10];
  const fits = (at: number, roomPx: number) => rowsThatFit(heights, { at, roomPx });
  assert.deepEqual(fits(2, 1_000), { from: 0, until: 5 });
  assert.deepEqual(fits(2, 30), { from: 1, until: 4 });
  assert.deepEqual(fits(2, 29), { from: 1, until: 3 });
  assert.deepEqual(fits(0, 30), { from: 0, until: 3 });
  assert.deepEqual(fits(4, 30), { from: 2, until: 5 });
  assert.deepEqual(fits(2, 5), { from: 2, until: 3 });
  // A row that has no room ends its side: what lies behind it would stand out of its place.
  assert.deepEqual(rowsThatFit([10, 50, 10, 10, 10], { at: 2, roomPx: 40 }), { from: 2, until: 5 });
});

/** A list of two minutes around midnight in UTC, of which the filter leaves three rows each, and what it is asked for. */
function listOf(isHere: (minuteUs: number, row: number) => boolean) {
  const asked: string[] = [];
  const layout = new RowLayout(32);
  const midnightUs = Date.UTC(2026, 7, 3) * 1000;
  const minutes = [midnightUs - 60_000_000, midnightUs] as const;
  layout.put(
    minutes.map((minuteUs) => ({ minuteUs, count: 3, rows: Uint32Array.from([1, 4, 5]) })),
  );
  const list: LineSource = {
    request: { channel: "search" },
    version: signal(0),
    layout,
    messages: {
      get: (minuteUs, row) => isHere(minuteUs, row) ? said(`${row}`) : undefined,
      want: (minuteUs, rows) => {
        asked.push(`${minutes.indexOf(minuteUs)}: ${rows}`);
        return Promise.resolve();
      },
      watch: () => () => {},
    },
    marks: { of: () => undefined },
    receiverCount: () => 1,
    approach: (side) => void asked.push(side),
  };
  return { list, minutes, asked };
}

test("momentLines takes the rows of the list, over midnight, as far as there are any", () => {
  const { list, minutes } = listOf(() => true);
  const place = { minuteUs: minutes[1], row: 0 };
  const shown = (before: number, after: number) => {
    const { lines, at } = momentLines(list, { place, before, after }, "utc");
    const texts = lines.map(({ row }) => `${row.message?.params[1]}${row.startsDay ? " day" : ""}`);
    return [texts.join(), at];
  };
  assert.deepEqual(shown(1, 1), ["5,1 day,4", 1]);
  // The first line's day stands in the head.
  assert.deepEqual(shown(0, 1), ["1,4", 0]);
  assert.deepEqual(shown(50, 50), ["1,4,5,1 day,4,5", 3]);
});

test("fetchMoment fetches what is missing, by the minute, and reads on where the list ends", () => {
  const { list, minutes, asked } = listOf((_, row) => row === 1);
  const fetched = (before: number, after: number): readonly string[] => {
    const choice = { place: { minuteUs: minutes[1], row: 0 }, before, after };
    const moment = momentLines(list, choice, "utc");
    assert.equal(messagesOf(moment.lines) === undefined, before + after > 0);
    fetchMoment(list, choice, moment);
    return asked.splice(0);
  };
  assert.deepEqual(fetched(0, 0), []);
  assert.deepEqual(fetched(2, 2), ["0: 4,5", "1: 4,5"]);
  assert.deepEqual(fetched(4, 0), ["0: 4,5", "start"]);
  assert.deepEqual(fetched(0, 3), ["1: 4,5", "end"]);
});

test("choiceOf takes a run about the message in it, or about its first one, within bounds", () => {
  const { list, minutes: [minuteUs] } = listOf(() => true);
  const place = { minuteUs, row: 1 };
  assert.deepEqual(choiceOf(list, place, undefined), { place, before: 2, after: 2 });
  assert.deepEqual(choiceOf(list, place, { from: 0, until: 4 }), { place, before: 1, after: 2 });
  const other = { place: { minuteUs, row: 2 }, before: 0, after: 2 };
  assert.deepEqual(choiceOf(list, place, { from: 2, until: 5 }), other);
  assert.deepEqual(choiceOf(list, place, { from: 0, until: 500 }).after, 50);
});

test("momentLines cuts what no message of Twitch has, and keeps the message", () => {
  const { list, minutes: [minuteUs] } = listOf(() => true);
  const letters = `${"a".repeat(1_999)}👩 and on`;
  const message = said(letters, { tags: { "reply-parent-msg-body": letters } });
  const messages = { ...list.messages, get: () => message };
  const choice = { place: { minuteUs, row: 0 }, before: 0, after: 0 };
  const { lines: [line] } = momentLines({ ...list, messages }, choice, "utc");
  assert.equal(line!.message, message);
  assert.ok(isShortened(line!));
  assert.equal(line!.row.message!.params[1], `${"a".repeat(1_999)}…`);
  assert.equal(line!.row.message!.tags!["reply-parent-msg-body"], `${"a".repeat(1_999)}…`);
  assert.deepEqual({ ...line!.row.message, params: [], tags: {} }, {
    ...message,
    params: [],
    tags: {},
  });
});
