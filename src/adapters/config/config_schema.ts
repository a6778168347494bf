// valibot: a schema is a value of a few lines from which the type follows, and of the library only the
// parts that are used are loaded.
import * as v from "valibot";
import { isRemoteName } from "../../core/remote/remote_topology.ts";

const text = v.pipe(v.string("a text"), v.minLength(1, "a text that is not empty"));
const texts = v.array(text, "a list of texts");
const flag = v.boolean("true or false");

function whole(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(allowed),
    v.integer(allowed),
    v.minValue(min, allowed),
    v.maxValue(max, allowed),
  );
}

/** The library takes a list for an object without keys. */
function table<S extends v.GenericSchema<Record<string, unknown>>>(schema: S) {
  const isTable = (value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  return v.pipe(v.custom<Record<string, unknown>>(isTable, "a table"), schema);
}

const peers = {
  peer: v.optional(texts),
  "peers-file": v.optional(text),
  "peer-token-file": v.optional(text),
};

const network = {
  "operator-listen": v.optional(text),
  "operator-token-file": v.optional(text),
  "trust-proxy": v.optional(texts),
  "metrics-token-file": v.optional(text),
  "open-metrics": v.optional(flag),
  api: v.optional(v.picklist(["rustlog", "justlog"], "rustlog or justlog")),
  "name-history": v.optional(flag),
  "cross-channel-search": v.optional(flag),
  index: v.optional(flag),
};

const record = v.object({
  ...peers,
  ...network,
  channels: v.optional(texts),
  "channels-file": v.optional(text),
  connections: v.optional(whole(1, 16)),
  "join-rate": v.optional(whole(1, 2_000)),
  node: v.optional(text),
  nick: v.optional(text),
  "token-file": v.optional(text),
  url: v.optional(text),
  journal: v.optional(flag),
  "journal-dir": v.optional(text),
  serve: v.optional(text),
  "peer-comparison": v.optional(flag),
  "opt-outs": v.optional(flag),
  "pack-after": v.optional(text),
  "admin-key-file": v.optional(text),
  "serve-token-file": v.optional(text),
}, "a table");

const serve = v.object({
  ...network,
  listen: v.optional(text),
  "token-file": v.optional(text),
  "connections-max": v.optional(whole(1, 1_000_000)),
  rate: v.optional(whole(1, 1_000_000)),
}, "a table");

const sync = v.object({
  ...peers,
  once: v.optional(flag),
  since: v.optional(text),
  channel: v.optional(texts),
  "pack-after": v.optional(text),
  check: v.optional(flag),
}, "a table");

const remoteName = v.pipe(
  v.string("a text"),
  v.check(isRemoteName, "1 to 64 of a-z, 0-9, _ and -"),
);

const broker = v.object({
  url: v.optional(text),
  "url-file": v.optional(text),
  archive: v.optional(remoteName),
  ranges: v.optional(whole(1, 256)),
  queues: v.optional(v.picklist(["classic", "quorum"], "classic or quorum")),
  "heartbeat-s": v.optional(whole(1, 3_600)),
  "wait-min-s": v.optional(whole(1, 86_400)),
  "wait-per-batch-s": v.optional(whole(1, 86_400)),
  window: v.optional(whole(1, 100_000)),
}, "a table");

const worker = v.object({
  ranges: v.optional(text),
  "batch-size": v.optional(whole(1, 10_000)),
  "prefetch-count": v.optional(whole(1, 10_000)),
  "prefetch-mib": v.optional(whole(1, 65_536)),
  "grace-s": v.optional(whole(0, 3_600)),
  name: v.optional(text),
  listen: v.optional(text),
  "metrics-token-file": v.optional(text),
  "open-metrics": v.optional(flag),
}, "a table");

const LEVELS = ["debug", "info", "warning", "error"] as const;
const FORMATS = ["text", "json"] as const;

const config = v.object({
  archive: v.optional(text),
  "log-level": v.optional(v.picklist(LEVELS, `one of ${LEVELS.join(", ")}`)),
  "log-format": v.optional(v.picklist(FORMATS, `one of ${FORMATS.join(", ")}`)),
  record: v.optional(table(record)),
  serve: v.optional(table(serve)),
  sync: v.optional(table(sync)),
  broker: v.optional(table(broker)),
  worker: v.optional(table(worker)),
}, "a table");

/**
 * The contents of a configuration file. What stands at the top, and the table of the broker, is for all verbs;
 * another table is for the verb of its name, and its keys are the verb's flags.
 */
export type Config = v.InferOutput<typeof config>;

/** Verbs that have a table of their own. */
export type ConfiguredVerb = "record" | "serve" | "sync" | "worker";

/** What is wrong with a value. */
export interface ConfigIssue {
  /** Keys and positions in lists, from the outside in. */
  readonly path: readonly (string | number)[];
  /** A sentence without its subject: `must be true or false`. */
  readonly reason: string;
}

/** The outcome of {@link checkConfig}. */
export type CheckedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** Checks what a file holds. Never throws; finds all that is wrong. */
export function checkConfig(value: unknown): CheckedConfig {
  const result = v.safeParse(config, value);
  // Of unknown keys the library names only the first of a table.
  const unknown = unknownKeys(value).map((path) => ({ path, reason: unknownKey(path) }));
  if (result.success && unknown.length === 0) return { ok: true, config: result.output };
  const wrong = (result.issues ?? []).map((issue): ConfigIssue => ({
    path: (issue.path ?? []).map(({ key }) => key as string | number),
    reason: `must be ${issue.message}`,
  }));
  return { ok: false, issues: [...unknown, ...wrong] };
}

const TABLES = ["record", "serve", "sync", "worker", "broker"] as const;

type ConfigTable = typeof TABLES[number];

function unknownKeys(value: unknown): string[][] {
  return [undefined, ...TABLES].flatMap((table) => {
    const known = configKeys(table);
    const found = table === undefined ? value : (value as { [key: string]: unknown })[table];
    if (typeof found !== "object" || found === null || Array.isArray(found)) return [];
    const keys = Object.keys(found).filter((key) => !known.includes(key));
    return keys.map((key) => table === undefined ? [key] : [table, key]);
  });
}

/** The keys that a table may hold; of the top without `table`. */
export function configKeys(table?: ConfigTable): string[] {
  const tables = { record, serve, sync, worker, broker };
  return Object.keys(table === undefined ? config.entries : tables[table].entries);
}

function unknownKey(path: readonly (string | number)[]): string {
  const key = String(path.at(-1));
  const [first] = path;
  const table = path.length > 1 ? TABLES.find((each) => each === first) : undefined;
  const known = configKeys(table);
  const near = nearest(key, known);
  if (near !== undefined) return `is unknown; did you mean "${near}"?`;
  const others = [undefined, ...TABLES].filter((each) => configKeys(each).includes(key))
    .map((each) => each === undefined ? "the top" : `[${each}]`);
  if (others.length > 0) return `is unknown here; it belongs to ${others.join(" or ")}`;
  return `is unknown; allowed are ${known.sort().join(", ")}`;
}

/** The one of `words` that differs from `word` by the fewest letters, if those are few. */
function nearest(word: string, words: readonly string[]): string | undefined {
  const short = word.toLowerCase().replaceAll("_", "-").slice(0, 40);
  let [best, bestCost]: [string | undefined, number] = [undefined, 3];
  for (const each of words) {
    const cost = editDistance(short, each);
    if (cost < bestCost) [best, bestCost] = [each, cost];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
