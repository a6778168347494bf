import assert from "node:assert/strict";
import { test } from "node:test";
import { RowLayout } from "../../src/web/chat/row_layout.ts";
import { ScrollPosition } from "../../src/web/chat/scroll_position.ts";
import { spokenText } from "../../src/web/chat/message/message_text.ts";
import { formatRoute, parseRoute, type Route } from "../../src/web/state/route.ts";
import { nameColor } from "../../src/web/chat/message/name_color.ts";
import { placeOf } from "../../src/web/sources/place.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";

const MINUTE_US = 60_000_000;

test("RowLayout agrees with a plain list, whatever comes, is measured and is replaced", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(`layout ${seed}`);
    const layout = new RowLayout(30);
    const plain = new Map<number, number[]>();
    for (let step = 0; step < 30; step++) {
      const minuteUs = intBelow(random, 8) * MINUTE_US;
      const rows = plain.get(minuteUs);
      if (rows === undefined || random.next() < 0.2) {
        const count = intBelow(random, 6);
        layout.put([{ minuteUs, count, rows: undefined }]);
        if (count === 0) plain.delete(minuteUs);
        else plain.set(minuteUs, new Array<number>(count).fill(30));
      } else {
        const row = intBelow(random, rows.length);
        const heightPx = 10 + intBelow(random, 90);
        layout.measure({ minuteUs, row }, heightPx);
        rows[row] = heightPx;
      }
      checkLayout(layout, plain, seed);
    }
  }
});

function checkLayout(
  layout: RowLayout,
  plain: ReadonlyMap<number, readonly number[]>,
  seed: number,
): void {
  let [index, topPx] = [0, 0];
  for (const [minuteUs, heights] of [...plain].sort(([a], [b]) => a - b)) {
    for (const [row, heightPx] of heights.entries()) {
      const place = { minuteUs, row };
      assert.deepEqual(layout.at(index), place, `seed ${seed}`);
      assert.equal(layout.indexOf(place), index, `seed ${seed}`);
      assert.equal(layout.topOf(place), topPx, `seed ${seed}`);
      assert.deepEqual(layout.rowAt(topPx + heightPx / 2), place, `seed ${seed}`);
      index++;
      topPx += heightPx;
    }
  }
  assert.equal(layout.count, index, `seed ${seed}`);
  assert.equal(layout.heightPx, topPx, `seed ${seed}`);
  assert.equal(layout.at(index), undefined, `seed ${seed}`);
}

test("ScrollPosition moves step by step in a list taller than browsers allow", () => {
  const position = new ScrollPosition();
  position.resize(20_000_000, 800);
  assert.ok(position.spacePx <= 8_000_000);
  assert.equal(position.scrolledTo(300), true);
  assert.equal(position.topPx, 300);
  position.scrolledTo(position.spacePx - 800); // The bar was dragged to the end.
  assert.equal(position.topPx, 20_000_000 - 800);
  position.scrolledTo(position.spacePx / 2 - 400);
  assert.ok(Math.abs(position.topPx - 10_000_000) < 1_000, `${position.topPx}`);
  const atPx = position.topPx;
  position.stands(position.moveTo(atPx));
  assert.equal(position.topPx, atPx);
  assert.equal(position.scrolledTo(position.scrollPx), false);
});

test("parseRoute undoes formatRoute", () => {
  const routes: Partial<Route>[] = [
    { view: "archives" },
    { view: "chat" },
    { view: "chat", channel: "forsen", atUs: Date.UTC(2026, 7, 1, 12, 0, 1, 234) * 1000 },
    { view: "chat", channel: "forsen", atUs: 9_000_000, videoUs: 5_000_000 },
    { view: "timeline", channel: "a_b-c", atUs: 0, untilUs: MINUTE_US },
    { view: "calendar", channel: "forsen", peer: "http://[::1]:8080/a&b=#?/% ü" },
    { view: "calendar", channel: "forsen", atUs: MINUTE_US, peer: "http://10.0.0.1" },
    {
      view: "chat",
      channel: "forsen",
      filter: {
        text: "a&b=#?/% ü",
        isRegex: true,
        user: "Ünï code",
        command: "PRIVMSG",
        thread: "a-1",
      },
    },
  ];
  const blank = parseRoute("");
  for (const part of routes) {
    const route = { ...blank, ...part };
    assert.deepEqual(parseRoute(formatRoute(route)), route);
  }
});

test("a comparison stands in the address of a calendar only", () => {
  const peer = "http://b:8080";
  const compared: Route = { ...parseRoute("#/calendar/forsen"), peer };
  assert.equal(formatRoute(compared), "#/calendar/forsen?peer=http%3A%2F%2Fb%3A8080");
  for (const view of ["timeline", "chat", "search"] as const) {
    assert.equal(formatRoute({ ...compared, view }), `#/${view}/forsen`);
    assert.equal(parseRoute(`#/${view}/forsen?peer=b`).peer, undefined);
  }
  assert.equal(parseRoute("#/calendar/forsen?peer=").peer, undefined);
  assert.equal(parseRoute("#/calendar?peer=b").peer, undefined);
});

test("parseRoute makes sense of anything", () => {
  for (
    const hash of ["#/chat/../x", "#/chat/FORSEN/%E0%A4%A", "#//", "#/chat/a/9999-99-99", "#?x"]
  ) {
    const { channel, atUs } = parseRoute(hash);
    assert.ok(channel === undefined || channel === "a", hash);
    assert.equal(atUs, undefined, hash);
  }
});

test("spokenText counts emotes in code points and drops places that are wrong", () => {
  const pieces = (text: string, emotes: string) =>
    spokenText({ params: ["#c", text], tags: { emotes } }).pieces
      .map((piece) => piece.kind === "emote" ? `<${piece.text}>` : piece.text);
  assert.deepEqual(pieces("😀 Kappa Kappa", "25:2-6,8-12"), ["😀 ", "<Kappa>", " ", "<Kappa>"]);
  assert.deepEqual(pieces("Kappa", "25:0-4/26:0-4"), ["<Kappa>"]);
  assert.deepEqual(pieces("Kappa", "25:3-99/x:9-1/:1-2/25:a-b"), ["Kappa"]);
  const action = spokenText({
    params: ["#c", "\u0001ACTION Kappa\u0001"],
    tags: { emotes: "25:0-4" },
  });
  assert.equal(action.isAction, true);
  assert.deepEqual(action.pieces, [{ kind: "emote", id: "25", text: "Kappa" }]);
});

test("nameColor keeps names legible on both grounds", () => {
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = [...color.matchAll(/\d+/g)].map(([value]) => {
      const part = Number(value) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const tag of ["#000000", "#FFFFFF", "#ff0000", "#00FF00", "#0000ff", "#808080", "red", ""]) {
    const { onLight, onDark } = nameColor(tag, "someone");
    assert.ok(1.05 / (luminance(onLight) + 0.05) >= 4.5, `${tag} on light`);
    assert.ok(
      (luminance(onDark) + 0.05) / (luminance("rgb(29 31 37)") + 0.05) >= 4.5,
      `${tag} on dark`,
    );
  }
});

test("placeOf finds keys at the end of any path, whatever stands for the colon", () => {
  const name = `00-${"A".repeat(43)}.json`;
  const key = `forsen/chat/2026-08-01T12/34:${name}`;
  for (const colon of [":", "_", "%3A", "\uf03a"]) {
    const path = `some/where/forsen/chat/2026-08-01T12/34${colon}${name}`;
    assert.deepEqual(placeOf(path), { kind: "key", key });
  }
  assert.deepEqual(placeOf(`x/2026-08-01T12/34:${name}`), {
    kind: "loose",
    name: `34:${name}`,
    hour: "2026-08-01T12",
  });
  assert.equal(placeOf(`forsen/chat/2026-08-01T12/notes.txt`).kind, "stray");
  const hash = "A".repeat(43);
  const ours = `forsen/.chatloom/redactions/${hash}.json`;
  const heard = `forsen/.chatloom/coverage/2026-08-01T12/${hash}.json`;
  for (const start of ["", "x/", "coverage/y/"]) {
    assert.deepEqual(placeOf(start + ours), { kind: "key", key: ours });
    assert.deepEqual(placeOf(start + heard), { kind: "key", key: heard });
    // Where the first version put them.
    const order = `${start}forsen/chat/redactions/${hash}.json`;
    assert.deepEqual(placeOf(order), { kind: "key", key: ours });
    const old = `${start}forsen/chat/2026-08-01T12/coverage-${hash}.json`;
    assert.deepEqual(placeOf(old), { kind: "key", key: heard });
  }
  assert.equal(placeOf(`.chatloom/redactions/${hash}.json`).kind, "stray");
  assert.equal(placeOf(`34:00-${"A".repeat(43)}.tombstone`).kind, "stray");
});
