// prom-client, because it is the client that Prometheus lists for JavaScript, is kept, and runs in
// Node and in Deno (default metrics included, tried with 2.9).
import client, { type Registry } from "prom-client";
import type { GaugeReading, Metrics } from "../../ports/metrics.ts";
import type { CounterReading, Counters } from "./counters.ts";
import { METRIC_CATALOGUE, type MetricNote } from "./metric_catalogue.ts";

/** A page of metrics in Prometheus' text format. */
export interface PrometheusPage {
  /** Its media type. */
  readonly type: string;
  /** The page. */
  readonly text: string;
}

/** Metrics that Prometheus can collect. */
export interface PrometheusMetrics extends Metrics {
  /** The values of all metrics: counters, histograms, and gauges as of now. */
  page(): Promise<PrometheusPage>;
}

const PREFIX = "chatloom_";
const NOTES = new Map(METRIC_CATALOGUE.map((note) => [note.name, note]));
/** At most this many series a metric; later ones are added to one whose labels are all `other`. */
const SERIES_MAX = 2_000;

/** Metrics of this process, with what `counters` have counted. */
export function prometheusMetrics(
  { counters }: { readonly counters: Counters },
): PrometheusMetrics {
  const lasting = new client.Registry();
  client.collectDefaultMetrics({ register: lasting });
  const histograms = new Map<string, client.Histogram>();
  const gauges = new Map<string, () => Iterable<GaugeReading>>();
  for (const note of METRIC_CATALOGUE) {
    if (note.kind === "histogram") histograms.set(note.name, newHistogram(note, lasting));
  }
  return {
    observe(name, value, labels = {}) {
      const note = NOTES.get(name) ?? { name, kind: "histogram", help: name, labels: [] };
      let histogram = histograms.get(name);
      if (histogram === undefined) {
        histogram = newHistogram(note, lasting);
        histograms.set(name, histogram);
      }
      histogram.observe(labelsFor(note.labels ?? [], labels), value);
    },
    gauge(name, read) {
      gauges.set(name, read);
    },
    async page() {
      // Counters live elsewhere and gauges are read: each page is written anew.
      const now = new client.Registry();
      writeCounters(counters.readings(), now);
      for (const [name, read] of gauges) writeGauge(name, [...read()], now);
      const all = client.Registry.merge([now, lasting]);
      return { type: all.contentType, text: await all.metrics() };
    },
  };
}

function newHistogram({ name, help, labels, buckets }: MetricNote, registry: Registry) {
  return new client.Histogram({
    name: PREFIX + name,
    help,
    labelNames: [...labels ?? []],
    ...(buckets === undefined ? {} : { buckets: [...buckets] }),
    registers: [registry],
  });
}

function writeCounters(readings: readonly CounterReading[], registry: Registry): void {
  const groups = new Map<string, CounterReading[]>();
  for (const { name, kind, labels } of METRIC_CATALOGUE) {
    // A counter that never counted is 0, so that its rate is known from the first count on.
    const isPlain = kind === "counter" && labels?.length === 0;
    if (isPlain) groups.set(name, [{ name, labels: {}, amount: 0 }]);
  }
  for (const reading of readings) {
    const group = groups.get(reading.name);
    if (group === undefined) groups.set(reading.name, [reading]);
    else group.push(reading);
  }
  for (const [name, group] of groups) {
    const labelNames = labelNamesOf(name, group);
    const counter = new client.Counter({
      name: `${PREFIX}${name}_total`,
      help: NOTES.get(name)?.help ?? name,
      labelNames,
      registers: [registry],
    });
    for (const [i, { labels, amount }] of group.entries()) {
      counter.inc(i < SERIES_MAX ? labelsFor(labelNames, labels) : others(labelNames), amount);
    }
  }
}

function writeGauge(name: string, readings: readonly GaugeReading[], registry: Registry): void {
  const labelNames = labelNamesOf(name, readings);
  const gauge = new client.Gauge({
    name: PREFIX + name,
    help: NOTES.get(name)?.help ?? name,
    labelNames,
    registers: [registry],
  });
  for (const { labels, value } of readings.slice(0, SERIES_MAX)) {
    gauge.set(labelsFor(labelNames, labels ?? {}), value);
  }
}

function labelNamesOf(
  name: string,
  readings: readonly { readonly labels?: { readonly [label: string]: string } }[],
): string[] {
  const names = new Set(NOTES.get(name)?.labels);
  for (const { labels } of readings) {
    for (const label of Object.keys(labels ?? {})) names.add(label);
  }
  return [...names];
}

/** Prometheus treats an empty label as a missing one. */
function labelsFor(
  names: readonly string[],
  labels: { readonly [label: string]: string },
): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, labels[name] ?? ""]));
}

function others(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, "other"]));
}
