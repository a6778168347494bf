import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Counters } from "../../../src/adapters/metrics/counters.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { METRIC_CATALOGUE } from "../../../src/adapters/metrics/metric_catalogue.ts";
import {
  type PrometheusMetrics,
  prometheusMetrics,
} from "../../../src/adapters/metrics/prometheus_metrics.ts";
import { measuredStore } from "../../../src/engine/metrics/measured_store.ts";
import { countReceivers } from "../../../src/engine/metrics/receiver_counts.ts";
import { mergeBatches } from "../../../src/core/merge/merge_batches.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { GaugeReading } from "../../../src/ports/metrics.ts";
import { apiWorld, joined, said } from "./api_world.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

/** Sample → value, as Prometheus would read the page. */
async function samplesOf(metrics: PrometheusMetrics): Promise<Map<string, number>> {
  const { type, text } = await metrics.page();
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})?) (\S+)$/.exec(line);
    assert.ok(match, line);
    assert.ok(!samples.has(match[1]!), `${match[1]} stands there twice`);
    samples.set(match[1]!, Number(match[2]));
  }
  return samples;
}

test("prometheusMetrics shows what was counted, observed and what gauges say", async () => {
  const counters = new Counters();
  const metrics = prometheusMetrics({ counters });
  counters.count("lines_received", {}, 3);
  counters.count("lines_ignored", { reason: "no channel" });
  counters.count("lines_ignored", { reason: "command not kept", command: 'PI\nNG"\\' });
  counters.count("never_heard_of", { a: "1" });
  counters.count("never_heard_of", { b: "2" });
  metrics.observe("http_request_seconds", 0.3, { route: "/files" });
  let open = 1;
  metrics.gauge("open_batches", () => [{ value: open }]);
  let samples = await samplesOf(metrics);
  const expected: Record<string, number> = {
    "chatloom_lines_received_total": 3,
    "chatloom_session_frames_total": 0,
    'chatloom_lines_ignored_total{reason="no channel",command=""}': 1,
    'chatloom_lines_ignored_total{reason="command not kept",command="PI\\nNG\\"\\\\"}': 1,
    'chatloom_never_heard_of_total{a="1",b=""}': 1,
    'chatloom_http_request_seconds_bucket{le="0.1",route="/files"}': 0,
    'chatloom_http_request_seconds_bucket{le="0.5",route="/files"}': 1,
    "chatloom_open_batches": 1,
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(samples.get(name), value, name);
  }
  counters.count("lines_received");
  open = 5;
  samples = await samplesOf(metrics);
  assert.equal(samples.get("chatloom_lines_received_total"), 4);
  assert.equal(samples.get("chatloom_open_batches"), 5);
  assert.ok(samples.get("process_resident_memory_bytes")! > 1e6);
});

test("prometheusMetrics bounds the series of a metric", async () => {
  const counters = new Counters();
  for (let i = 0; i < 5_000; i++) counters.count("messages_written", { channel: `c${i}` });
  const samples = await samplesOf(prometheusMetrics({ counters }));
  const series = [...samples].filter(([name]) => name.includes("messages_written"));
  assert.ok(series.length <= 2_001, `${series.length} series`);
  assert.equal(series.reduce((sum, [, value]) => sum + value, 0), 5_000);
});

test("metrics keep to the conventions of Prometheus", () => {
  const names = METRIC_CATALOGUE.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, kind, help, labels = [] } of METRIC_CATALOGUE) {
    assert.match(name, /^[a-z]+(_[a-z]+)*$/);
    assert.match(help, /^[A-Z].*[^.]$/, name);
    assert.ok(kind !== "counter" || !name.endsWith("_total"), `${name} gets its end on the page`);
    for (const label of labels) assert.match(label, /^[a-z]+$/);
  }
});

function sources(): string {
  const paths = readdirSync(`${PROJECT}src`, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.[jt]s$/.test(path) && !/\.d\.ts$/.test(path))
    .filter((path) => !path.includes("metric_catalogue"));
  return paths.map((path) => readFileSync(`${PROJECT}src/${path}`, "utf8")).join("\n");
}

test("all that is counted has a note, and every note has its source", () => {
  const text = sources();
  const notes = new Map(METRIC_CATALOGUE.map((note) => [note.name, note.kind]));
  const used = [...text.matchAll(/\.(count|observe|gauge)\(\s*"([a-z_]+)"/g)];
  assert.ok(used.length > 20, "the sources were not found");
  const unknown = used.filter(([, call, name]) => {
    const kind = call === "count" ? "counter" : call === "observe" ? "histogram" : "gauge";
    return notes.get(name!) !== kind;
  });
  assert.deepEqual(
    unknown.map(([, call, name]) => `${call} ${name}`),
    [],
    "add to METRIC_CATALOGUE",
  );
  for (const name of notes.keys()) {
    assert.ok(new RegExp(`\\b${name}\\b`).test(text), `nobody gives ${name}`);
  }
});

test("the dashboard asks only for metrics that there are", async () => {
  const path = `${PROJECT}dashboards/chatloom.json`;
  let dashboard: string;
  try {
    dashboard = readFileSync(path, "utf8");
  } catch {
    return console.log(`skipped: ${path} is not part of the package`);
  }
  const known = new Set<string>();
  for (const { name, kind } of METRIC_CATALOGUE) {
    const ends = { counter: ["_total"], gauge: [""], histogram: ["_bucket", "_sum", "_count"] };
    for (const end of ends[kind]) known.add(`chatloom_${name}${end}`);
  }
  const page = await samplesOf(prometheusMetrics({ counters: new Counters() }));
  for (const sample of page.keys()) known.add(sample.split("{")[0]!);
  const { panels } = JSON.parse(dashboard) as {
    panels: { id: number; title: string; targets?: { expr: string }[] }[];
  };
  const ids = panels.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)]);
  const asked = new Set<string>();
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const names = expr.match(/\b(chatloom|process|nodejs)_\w+/g) ?? [];
      assert.ok(names.length > 0, `${title} asks for nothing: ${expr}`);
      for (const name of names) {
        assert.ok(known.has(name), `${title} asks for ${name}`);
        asked.add(name);
      }
      assert.equal(expr.split("(").length, expr.split(")").length, expr);
    }
  }
  assert.ok(asked.size > 20, `only ${asked.size} metrics are shown`);
});

test("/metrics is the page, and counts requests by route, method and status", async () => {
  const counters = new Counters();
  const metrics = prometheusMetrics({ counters });
  const reporter = {
    report() {},
    count: (name: string, labels?: Record<string, string>, amount?: number) =>
      counters.count(name, labels, amount),
  };
  const world = apiWorld({ metrics, reporter, metricsPage: () => metrics.page() });
  await world.put("forsen", [said(1, "a")]);
  await world.text("/forsen/chat.ndjson");
  await (await world.ask("/forsen/chat.json")).text();
  await (await world.ask("/etc/passwd")).text();
  const page = await world.text("/metrics");
  const route = "/:channel/chat.ndjson";
  assert.ok(
    page.includes(
      `chatloom_http_requests_total{route="${route}",method="GET",status="200"} 1`,
    ),
    page,
  );
  assert.match(page, /http_requests_total\{route="\/:channel\/chat.json".*status="400"\} 1/);
  assert.match(page, /http_requests_total\{route="\*".*status="404"\} 1/);
  assert.match(page, /chatloom_http_requests_running 1/);
  assert.match(page, /chatloom_http_request_seconds_count\{route="\/:channel\/chat.ndjson"\} 1/);
  assert.match(page, /chatloom_http_response_bytes_total\{route="\/:channel\/chat.ndjson"\} \d{3}/);
  assert.ok(!page.includes("passwd"), "a path of a stranger became a label");
});

test("countReceivers counts messages by receivers, whatever their text says", () => {
  const beta = { receiver: "beta.xYz12.0" };
  const batches = [
    encodeBatch([said(1, 'a "receivers":{"x":1} {}'), said(2, "}"), joined(3, 10)]),
    encodeBatch([said(2, "}", beta), joined(4, 10, beta)]),
    encodeBatch([said(2, "}", { receiver: "gamma.x.0" })]),
  ];
  assert.deepEqual(countReceivers(mergeBatches(batches)), [0, 1, 1, 1, 0]);
  assert.deepEqual(countReceivers(new Uint8Array()), [0, 0, 0, 0, 0]);
  // Half a batch is counted wrong, but it is counted.
  assert.deepEqual(
    countReceivers(new TextEncoder().encode('{"receivers":{"a')),
    [1, 0, 0, 0, 0],
  );
});

test("measuredStore counts what is there once, also when settling replaces it", async () => {
  const gauges = new Map<string, () => Iterable<GaugeReading>>();
  const observed: string[] = [];
  const counters = new Counters();
  const store = measuredStore(memoryStore(), {
    reporter: {
      report() {},
      count: (name, labels, amount) => counters.count(name, labels, amount),
    },
    metrics: {
      observe: (name, value) => void observed.push(`${name} ${value}`),
      gauge: (name, read) => void gauges.set(name, read),
    },
  });
  const world = apiWorld({ store });
  const recent = () =>
    [...gauges.get("recent_messages")!()].map(({ labels, value }) => [labels!["receivers"], value]);
  const beta = { receiver: "beta.xYz12.0" };
  const one = await world.put("forsen", [said(1, "a"), said(2, "b")]);
  const other = await world.put("forsen", [said(2, "b", beta), said(3, "c", beta)]);
  assert.deepEqual(recent(), [["1", 4], ["2", 0], ["3", 0], ["4+", 0]]);
  const merged = mergeBatches([(await store.get(one))!, (await store.get(other))!]);
  await world.putBytes("forsen", merged);
  await store.delete(one);
  await store.delete(other);
  assert.deepEqual(recent(), [["1", 2], ["2", 1], ["3", 0], ["4+", 0]]);
  assert.deepEqual([...gauges.get("recent_duplicates_ratio")!()], [{ value: 0.25 }]);
  // An hour later that is no longer recent.
  await world.put("forsen", [said(3_700, "d")]);
  assert.deepEqual(recent(), [["1", 1], ["2", 0], ["3", 0], ["4+", 0]]);
  assert.equal(counters.total("files_stored"), 4);
  assert.equal(counters.total("files_deleted"), 2);
  assert.equal(observed.filter((each) => each.startsWith("batch_messages")).length, 4);
  assert.equal(observed.at(-1), "batch_messages 1");
});
