import assert from "node:assert/strict";
import { test } from "node:test";
import { DrawnRows } from "../../src/web/chat/drawn_rows.ts";
import type { MessageRowProps } from "../../src/web/chat/message/message_row.ts";
import { said } from "./page/page_archives.ts";

const place = { minuteUs: 60_000_000, row: 3 };
const props: MessageRowProps = {
  index: 7,
  total: 9,
  message: said("hello"),
  mark: undefined,
  isTabStop: false,
  isSelected: false,
  isLinked: false,
  receiverCount: 1,
  startsDay: false,
};

test("DrawnRows draws a row that is as before as the same element, and measures it once", () => {
  const rows = new DrawnRows();
  const first = rows.draw(place, props);
  rows.end();
  assert.equal(rows.measure(place), false);
  const again = rows.draw(place, { ...props });
  rows.end();
  assert.equal(again, first);
  assert.equal(rows.measure(place), true);
  // It is the same message at another place in the list: drawn, but as tall as before.
  const moved = rows.draw(place, { ...props, index: 8 });
  rows.end();
  assert.notEqual(moved, first);
  assert.equal(rows.measure(place), true);
});

test("DrawnRows measures a row again that looks different, or has been away", () => {
  const rows = new DrawnRows();
  const looks = [
    props,
    { ...props, mark: { label: "deleted", atUs: 5 } },
    { ...props, receiverCount: 2 },
    { ...props, startsDay: true },
    { ...props, message: undefined },
  ];
  for (const each of looks) {
    rows.draw(place, each);
    rows.end();
    assert.equal(rows.measure(place), false);
  }
  rows.end(); // Nothing is drawn.
  rows.draw(place, looks[4]!);
  rows.end();
  assert.equal(rows.measure(place), false);
});
