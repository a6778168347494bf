import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigFaults } from "../../../src/cli/frame/config_faults.ts";
import type { LoadedConfig } from "../../../src/cli/config/loaded_config.ts";
import { watchConfig } from "../../../src/cli/config/watch_config.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import type { Severity } from "../../../src/ports/reporter.ts";

interface Flags {
  readonly rate: number;
  readonly archive: string;
}

/** A file that holds `texts` one after another, from one look to the next. `HUP TEXT` comes with a signal. */
async function watched(
  texts: readonly string[],
  { apply = () => {} }: { readonly apply?: (flags: Flags) => void } = {},
) {
  const stop = new AbortController();
  const [reports, applied, levels]: [string[], Flags[], string[]] = [[], [], []];
  const counts = new Map<string, number>();
  let [at, level]: [number, Severity] = [0, "info"];
  let hangUp = () => {};
  const textAt = (i: number) => texts[i]!.replace(/^HUP /, "");
  const loaded: LoadedConfig = {
    path: "c.toml",
    text: "rate=1 archive=a",
    channels: [],
    read() {
      const text = textAt(at);
      return text === "GONE" ? Promise.reject(new ConfigFaults(["gone"])) : Promise.resolve(text);
    },
    parse(text) {
      const [, rate, archive, level = "info"] = /^rate=(\d+) archive=(\w+)(?: level=(\w+))?$/
        .exec(text) ?? [];
      if (rate === undefined) throw new ConfigFaults(["one", "two"]);
      const flags = { rate: Number(rate), archive: archive! };
      return { flags, channels: [], logLevel: level as Severity };
    },
  };
  const clock = {
    wallUs: () => 0,
    elapsedUs: () => 0,
    sleep() {
      if (++at >= texts.length) stop.abort();
      else if (texts[at]!.startsWith("HUP ")) hangUp();
      return Promise.resolve();
    },
  };
  await watchConfig<Flags>(loaded, {
    clock,
    signal: stop.signal,
    flags: { rate: 1, archive: "a" },
    live: ["rate"],
    apply({ flags }) {
      apply(flags);
      applied.push(flags);
    },
  }, {
    reporter: {
      report: (severity, message, { flags, fault, changed } = {}) =>
        void reports.push(`${severity}: ${message}: ${flags ?? fault ?? changed}`),
      count: (name, labels = {}) => {
        const key = `${name} ${labels["result"]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      },
    },
    logLevel: {
      get: () => level,
      set: (next) => void levels.push(level = next),
    },
    watchHangUp: (reload) => hangUp = reload,
  });
  return { reports, applied, levels, counts };
}

const OLD = "rate=1 archive=a";

test("watchConfig applies what can change, and says what waits for a restart", async () => {
  const now = "rate=2 archive=b level=debug";
  const { reports, applied, levels, counts } = await watched([OLD, now, now, now]);
  assert.deepEqual(applied, [{ rate: 2, archive: "a" }]);
  assert.deepEqual(levels, ["debug"]);
  assert.deepEqual(reports, [
    "info: The configuration was read again: rate log-level",
    "warning: A change of the configuration takes effect after a restart: archive",
  ]);
  assert.equal(counts.get("config_reloads applied"), 1);
});

test("watchConfig waits until a file that is being written rests", async () => {
  const { applied } = await watched([OLD, "rate=2 archive=a", "rate=23 archive=a", OLD, OLD]);
  assert.deepEqual(applied, []);
});

test("watchConfig keeps the old flags when the file is wrong or gone, and tells each fault once", async () => {
  const good = "rate=3 archive=a";
  const texts = [OLD, "bad", "bad", "bad", "GONE", "GONE", "GONE", good, good];
  const { reports, applied, counts } = await watched(texts);
  const kept = "error: The configuration has a fault; the old one stays in use";
  assert.deepEqual(reports, [
    `${kept}: one`,
    `${kept}: two`,
    `${kept}: gone`,
    "info: The configuration was read again: rate",
  ]);
  assert.deepEqual(applied, [{ rate: 3, archive: "a" }]);
  assert.equal(counts.get("config_reloads refused"), 2);
});

test("SIGHUP reads at once, also an unchanged file, as files that it names may have changed", async () => {
  const { applied } = await watched([OLD, `HUP ${OLD}`, "HUP rate=5 archive=a"]);
  assert.deepEqual(applied, [{ rate: 1, archive: "a" }, { rate: 5, archive: "a" }]);
});

test("watchConfig keeps the old flags when they cannot be put into effect, and tries again", async () => {
  let tries = 0;
  const apply = () => {
    if (++tries === 1) throw new ChatloomError("INPUT_UNREADABLE", "no token");
  };
  const now = "rate=2 archive=a";
  const { reports, applied } = await watched([OLD, now, now, `HUP ${now}`], { apply });
  assert.deepEqual(reports, [
    "error: The configuration has a fault; the old one stays in use: no token",
    "info: The configuration was read again: rate",
  ]);
  assert.deepEqual(applied, [{ rate: 2, archive: "a" }]);
});
