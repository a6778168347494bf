import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCoverage } from "../../../src/core/coverage/coverage.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { formatArchiveKey, parseHour } from "../../../src/core/archive/archive_key.ts";
import { LiveFeed } from "../../../src/engine/live/live_feed.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { apiWorld, type AskOptions, NOON_S, said } from "./api_world.ts";

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: { readonly enum?: readonly string[]; readonly default?: string };
  }[];
  readonly responses: Record<string, { readonly content?: Record<string, unknown> }>;
}
interface Description {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
}

// Its streams end at once.
const feed = new LiveFeed({
  clock: virtualClock(),
  random: seededRandom(1),
  reporter: noopReporter,
});
feed.close();
const world = apiWorld({
  feed,
  metricsPage: () => Promise.resolve({ type: "text/plain", text: "" }),
  logLevel: { get: () => "info", set() {} },
  access: { operator: { kind: "operator", token: "operator-token" } },
  logs: { nameHistory: true, crossChannelSearch: true },
  optOuts: {
    isUserOptedOut: (id) => id === "9",
    isChannelOptedOut: (id) => id === "33",
    isChannelNameOptedOut: () => false,
    hasOptedOutChannels: true,
  },
});
const IDS = { "room-id": "11", "user-id": "1" };
const KEY = await world.put("forsen", [said(1, "a", { tags: IDS })]);
await world.put("shy", [said(1, "c", { channel: "shy", tags: { ...IDS, "room-id": "33" } })]);
const TOMBSTONE = (await world.put("forsen", [said(2, "b", { tags: IDS })])).replace(
  ".json",
  ".tombstone",
);
await world.store.put(TOMBSTONE, new Uint8Array());
const order = encodeRedaction({ target: { kind: "message", id: "x" }, madeUs: 0, reason: "" });
const hasher = await wasmHasher();
const REDACTION = formatArchiveKey({
  kind: "redaction",
  channel: "forsen",
  digest: hasher.digest(order),
});
await world.store.put(REDACTION, order);
const hourUs = parseHour("2026-08-01T12")!;
const heard = encodeCoverage(hourUs, new Map([["alpha.AbCdE.1", [[0, 60]]]]));
const COVERAGE = formatArchiveKey({
  kind: "coverage",
  channel: "forsen",
  hourUs,
  digest: hasher.digest(heard),
});
await world.store.put(COVERAGE, heard);

const RANGE = "start=2026-08-01T12:00&end=2026-08-01T12:10";
const BEARER = { headers: { authorization: "Bearer operator-token" } };

/** Requests by the path and method that describe them: between them they get every answer. */
const EXAMPLES: Record<string, readonly (readonly [path: string, options?: AskOptions])[]> = {
  "get /openapi.json": [["/openapi.json"]],
  "get /healthz": [["/healthz"]],
  "get /live": [["/live?channel=forsen"], ["/live?channel=for%20sen"]],
  "get /metrics": [["/metrics"]],
  "get /debug/state": [["/debug/state"]],
  "get /debug/log-level": [["/debug/log-level"]],
  "put /debug/log-level": [
    ["/debug/log-level", { method: "PUT", body: "debug", ...BEARER }],
    ["/debug/log-level", { method: "PUT", body: "loud", ...BEARER }],
    ["/debug/log-level", {
      method: "PUT",
      body: "debug",
      headers: { ...BEARER.headers, origin: "https://evil.example" },
    }],
  ],
  "get /extras/{dir}": [["/extras/emotes"], ["/extras/.x"]],
  "get /files": [["/files"]],
  "get /files/{channel}": [["/files/forsen"], ["/files/.x"]],
  "get /files/{channel}/{quality}": [["/files/forsen/chat"], ["/files/forsen/.x"]],
  "get /files/{channel}/{quality}/{hour}": [
    ["/files/forsen/chat/2026-08-01T12"],
    ["/files/forsen/chat/redactions"],
    ["/files/forsen/chat/2026-08-01T12?tombstones=true"],
    ["/files/forsen/chat/2026-08-01T12?tombstones=x"],
    ["/files/forsen/chat/.x"],
  ],
  "get /files/{channel}/.chatloom/redactions": [
    ["/files/forsen/.chatloom/redactions"],
    ["/files/.x/.chatloom/redactions"],
  ],
  "get /files/{channel}/.chatloom/coverage": [
    ["/files/forsen/.chatloom/coverage"],
    ["/files/.x/.chatloom/coverage"],
  ],
  "get /files/{channel}/.chatloom/coverage/{hour}": [
    ["/files/forsen/.chatloom/coverage/2026-08-01T12"],
    ["/files/forsen/.chatloom/coverage/.x"],
  ],
  "get /segments/{channel}/.chatloom/redactions/{name}": [
    [`/segments/${REDACTION}`],
    ["/segments/forsen/.chatloom/redactions/x"],
  ],
  "get /segments/{channel}/.chatloom/coverage/{hour}/{name}": [
    [`/segments/${COVERAGE}`],
    ["/segments/forsen/.chatloom/coverage/2026-08-01T12/x"],
  ],
  "get /segments/{channel}/chat/{hour}/{name}": [
    [`/segments/${KEY}`],
    [`/segments/${TOMBSTONE}`],
    ["/segments/forsen/chat/2026-08-01T12/x"],
  ],
  "get /digests": [["/digests"], ["/digests?since=2026-08-01T12"], ["/digests?since=x"]],
  "get /digests/{channel}": [
    ["/digests/forsen"],
    ["/digests/forsen?since=2026-08-01T12"],
    ["/digests/forsen?since=x"],
    ["/digests/.x"],
  ],
  "get /{channel}/chat.export": [
    ...["raw", "ndjson", "td-json", "vtt", "csv", "html"].map((format): [string] => [
      `/forsen/chat.export?format=${format}&${RANGE}&video=2026-08-01T12:00`,
    ]),
    ["/forsen/chat.export?format=raw"],
  ],
  "get /{channel}/chat.json": [
    [`/forsen/chat.json?${RANGE}`],
    [`/forsen/chat.json?${RANGE}&format=text&limit=1&reverse=true&user=ada&command=PRIVMSG`],
    ["/forsen/chat.json"],
    [`/.x/chat.json?${RANGE}`],
  ],
  "get /{channel}/coverage.json": [
    [`/forsen/coverage.json?${RANGE}`],
    ["/forsen/coverage.json"],
    [`/.x/coverage.json?${RANGE}`],
  ],
  "get /{channel}/search.json": [
    ["/forsen/search.json?command=PRIVMSG&user=forsen"],
    ["/forsen/search.json"],
    ["/shy/search.json?q=a"],
    ["/.x/search.json?q=a"],
  ],
  "get /{channel}/hours.json": [
    ["/forsen/hours.json"],
    ["/forsen/hours.json?start=x"],
    ["/shy/hours.json"],
    ["/.x/hours.json"],
  ],
  "get /overview.json": [["/overview.json?channel=forsen"], ["/overview.json"]],
  "get /{channel}/chat.ndjson": [
    [`/forsen/chat.ndjson?${RANGE}`],
    [`/forsen/chat.ndjson?${RANGE}&format=text&limit=1&reverse=true&user=ada&command=PRIVMSG`],
    ["/forsen/chat.ndjson?limit=x"],
    [`/.x/chat.ndjson?${RANGE}`],
  ],
};

const LOG_RANGE = "from=2026-08-01T12:00:00Z&to=2026-08-01T13:00:00Z";

/** Requests that get every answer of a route for lines: each form, and each refusal. */
function logExamples(
  path: string,
  { good = "", bad = "limit=x", none = path.replace("forsen", "stranger") } = {},
): [path: string][] {
  const forms = ["", "raw", "json", "jsonBasic", "ndjson"];
  return [
    ...forms.map((form): [string] => [`${path}?${good}&${form}`]),
    [`${path}?${bad}`],
    [`${none}?${good}`],
    [`${path.replace("forsen", "shy")}?${good}`],
  ];
}

Object.assign(EXAMPLES, {
  "get /channels": [["/channels"]],
  "get /capabilities": [["/capabilities"]],
  "get /list": [
    ["/list?channel=forsen&userid=1"],
    ["/list"],
    ["/list?channel=stranger"],
    ["/list?channel=shy"],
  ],
  "get /namehistory/{id}": [["/namehistory/1"], ["/namehistory/9"]],
  "get /search": logExamples("/search", {
    good: "channel=forsen&q=a",
    bad: "q=a",
  }).map(([each]) => [each]).concat([
    ["/search?channel=stranger&q=a"],
    ["/search?channel=shy&q=a"],
  ]),
  "get /{channelKind}/{channel}": [
    ...logExamples("/channel/forsen", { good: LOG_RANGE, bad: `${LOG_RANGE}&limit=x` }),
    ["/channelid/11"],
  ],
  "get /{channelKind}/{channel}/random": logExamples("/channel/forsen/random"),
  "get /{channelKind}/{channel}/search": logExamples("/channel/forsen/search", {
    good: "q=a",
    bad: "",
  }),
  "get /{channelKind}/{channel}/stats": [
    ["/channel/forsen/stats"],
    ["/channel/forsen/stats?from=x&to=x"],
    ["/channel/stranger/stats"],
    ["/channel/shy/stats"],
  ],
  "get /{channelKind}/{channel}/{userKind}/{user}": [
    ...logExamples("/channel/forsen/user/ada", { good: LOG_RANGE, bad: `${LOG_RANGE}&limit=x` }),
    ["/channelid/11/userid/1"],
  ],
  "get /{channelKind}/{channel}/{userKind}/{user}/random": logExamples(
    "/channel/forsen/user/ada/random",
  ),
  "get /{channelKind}/{channel}/{userKind}/{user}/search": logExamples(
    "/channel/forsen/user/ada/search",
    { good: "q=a", bad: "" },
  ),
  "get /{channelKind}/{channel}/{userKind}/{user}/stats": [
    ["/channel/forsen/user/ada/stats"],
    ["/channel/forsen/user/ada/stats?from=x&to=x"],
    ["/channel/forsen/user/stranger/stats"],
    ["/channel/forsen/userid/9/stats"],
  ],
  "get /{channelKind}/{channel}/{userKind}/{user}/{year}/{month}": logExamples(
    "/channel/forsen/user/ada/2026/8",
  ),
  "get /{channelKind}/{channel}/{year}/{month}/{day}": logExamples("/channel/forsen/2026/8/1"),
  "get /api/v2/recent-messages/{login}": [
    ["/api/v2/recent-messages/forsen"],
    ["/api/v2/recent-messages/forsen?limit=x"],
    ["/api/v2/recent-messages/shy"],
  ],
});

interface Schema {
  readonly type?: string | readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
}

/** Holds a value against the parts of JSON Schema that the description uses, as a generated client does. */
function checkSchema(value: unknown, schema: Schema, where: string): void {
  const own = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const types = [schema.type ?? own].flat();
  const isOfType = types.includes(own) || (types.includes("integer") && Number.isInteger(value));
  assert.ok(isOfType, `${where} is ${own}, not ${types}`);
  for (const name of schema.required ?? []) {
    assert.ok(Object.hasOwn(value as object, name), `${where} lacks ${name}`);
  }
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(value as object, name)) continue;
    checkSchema((value as Record<string, unknown>)[name], each, `${where}.${name}`);
  }
  if (schema.items === undefined) return;
  for (const [i, each] of (value as unknown[]).entries()) {
    checkSchema(each, schema.items, `${where}[${i}]`);
  }
}

async function describe(): Promise<[string, Operation][]> {
  const { openapi, info, paths } = await world.json("/openapi.json") as Description;
  assert.equal(openapi, "3.1.0");
  assert.equal(info.version, "1.2.3");
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): [string, Operation] => [
      `${method} ${path}`,
      operation,
    ])
  );
}

/** The first example of a route, about a channel that has opted out. */
function optedOutExample(name: string): [path: string][] {
  const path = EXAMPLES[name]![0]![0];
  return path.includes("forsen") && name !== "get /overview.json"
    ? [[path.replaceAll("forsen", "shy")]]
    : [];
}

test("no route with a channel tells anything of one that has opted out", async () => {
  const refused: string[] = [];
  for (const [name, { parameters = [] }] of await describe()) {
    // The overview leaves channels out; it has a test of its own.
    const names = parameters.map((each) => each.name);
    if (!names.some((each) => each === "channel" || each === "login")) continue;
    if (name === "get /overview.json") continue;
    const [example] = optedOutExample(name);
    assert.ok(example, `${name} needs an example that names forsen first`);
    const response = await world.ask(example[0]);
    assert.equal(response.status, 403, `${name}: ${example[0]}`);
    assert.match(await response.text(), /opted out/, name);
    refused.push(name);
  }
  assert.ok(refused.length >= 24, `${refused.length} routes`);
});

test("a channel whose name alone is known to have opted out is not told of, nor listed", async () => {
  const quiet = apiWorld({
    optOuts: {
      isUserOptedOut: () => false,
      isChannelOptedOut: () => false,
      isChannelNameOptedOut: (login) => login === "shy",
      hasOptedOutChannels: true,
    },
  });
  await quiet.put("forsen", [said(1, "a", { tags: IDS })]);
  const key = await quiet.put("shy", [said(1, "c", { channel: "shy" })]);
  assert.deepEqual(await quiet.json("/files"), ["forsen"]);
  assert.deepEqual(Object.keys(await quiet.json("/digests") as object), ["forsen"]);
  const { channels } = await quiet.json("/channels") as { channels: { name: string }[] };
  assert.deepEqual(channels.map(({ name }) => name), ["forsen"]);
  for (
    const path of [
      `/segments/${key}`,
      "/digests/shy",
      `/shy/chat.json?${RANGE}`,
      "/live?channel=forsen,SHY",
    ]
  ) {
    assert.equal((await quiet.ask(path)).status, 403, path);
  }
});

test("the description has every route, and an example for each", async () => {
  const described = (await describe()).map(([name]) => name).sort();
  assert.deepEqual(described, Object.keys(EXAMPLES).sort());
});

test("what a route answers is described, and what is described is answered", async () => {
  for (const [name, { responses, summary }] of await describe()) {
    assert.match(summary, /^[A-Z].*\.$/s, name);
    const seen = new Set<string>();
    const examples = [...EXAMPLES[name]!, ...optedOutExample(name)];
    for (const [path, options] of examples) {
      const first = await world.ask(path, options);
      const tag = first.headers.get("etag");
      const answers = [first];
      if (tag !== null) {
        answers.push(await world.ask(path, { ...options, headers: { "if-none-match": tag } }));
      }
      for (const response of answers) {
        const type = response.headers.get("content-type")?.split(";")[0];
        const note = responses[response.status];
        assert.ok(note, `${name} answers ${response.status} to ${path}`);
        const isTyped = ![303, 304].includes(response.status);
        if (isTyped) assert.ok(note.content?.[type ?? ""], `${name} answers ${type} to ${path}`);
        seen.add(isTyped ? `${response.status} ${type}` : `${response.status}`);
        const body = await response.text();
        const schema = (note.content?.[type ?? ""] as { schema?: Schema } | undefined)?.schema;
        if (schema === undefined || !type?.includes("json")) continue;
        // Lines of JSON are described one by one.
        const values = type === "application/x-ndjson" ? body.trim().split(/\r?\n/) : [body];
        for (const value of values) checkSchema(JSON.parse(value), schema, `${name}: ${path}`);
      }
    }
    const described = Object.entries(responses).flatMap(([status, { content }]) =>
      content === undefined ? [status] : Object.keys(content).map((type) => `${status} ${type}`)
    );
    assert.deepEqual([...seen].sort(), described.sort(), name);
  }
});

test("described parameters are those that change or refuse an answer", async () => {
  const broken: Record<string, string> = {
    tombstones: "x",
    channel: "for sen",
    after: "x",
    since: "x",
    q: "a".repeat(1_001),
    regex: "(",
    cursor: "x",
    start: "x",
    end: "x",
    video: "x",
    format: "x",
    limit: "x",
    reverse: "x",
    user: "a,".repeat(101),
    command: "a,".repeat(101),
  };
  for (const [name, { parameters = [] }] of await describe()) {
    const [method, path = ""] = name.split(" ");
    if (method !== "get") continue;
    if (/^\/(?:list|search|namehistory|api|\{channelKind\})/.test(path)) continue; // See below.
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, each]) => each);
    const described = (place: string) => parameters.filter((each) => each.in === place);
    assert.deepEqual(described("path").map((each) => each.name), inPath, name);
    assert.ok(described("path").every((each) => each.required));
    const [example = ""] = EXAMPLES[name]![0]!;
    for (const { name: parameter, schema, required } of described("query")) {
      const url = new URL(`http://localhost${example}`);
      const ask = async (value: string | undefined) => {
        if (value === undefined) url.searchParams.delete(parameter);
        else url.searchParams.set(parameter, value);
        return (await world.ask(url.pathname + url.search)).status;
      };
      assert.equal(await ask(broken[parameter]), 400, `${name} ${parameter}`);
      for (const value of schema.enum ?? []) assert.equal(await ask(value), 200, value);
      assert.equal(await ask(undefined), required ? 400 : 200, `${name} without ${parameter}`);
    }
  }
});

/** Two values of each parameter of a log that must not be answered alike. */
const VALUES: Record<string, readonly [string | undefined, string | undefined]> = {
  raw: ["", undefined],
  json: ["0", undefined],
  jsonBasic: ["", undefined],
  ndjson: ["", undefined],
  reverse: ["", undefined],
  limit: ["1", "x"],
  offset: ["0", "1000"],
  from: ["2026-08-01T12:00:00Z", "x"],
  to: ["2026-08-01T13:00:00Z", "x"],
  q: ["a", "nowhere"],
  regex: [undefined, "a"],
  cursor: [undefined, "x"],
  channel: ["forsen", "stranger"],
  channelid: ["11", "12"],
  user: ["ada", "stranger"],
  userid: ["1", "2"],
  before: ["1785585600000", "x"],
  after: ["1785585600000", "x"],
  hide_moderation_messages: ["true", "x"],
  hide_moderated_messages: ["true", "x"],
  clearchat_to_notice: ["true", "x"],
};

test("described parameters of logs change an answer", async () => {
  await world.put("forsen", [said(30, "a later", { tags: IDS })]);
  let count = 0;
  for (const [name, { parameters = [] }] of await describe()) {
    const path = name.slice("get ".length);
    if (!/^\/(?:list|search|api|\{channelKind\})/.test(path)) continue;
    if (path.endsWith("/random")) continue; // It changes by itself.
    for (const { name: parameter, in: place } of parameters) {
      if (place !== "query") continue;
      const url = new URL(`http://localhost${EXAMPLES[name]![0]![0]}`);
      if (parameter === "channelid") url.searchParams.delete("channel");
      if (parameter === "user") url.searchParams.delete("userid");
      const answers = await Promise.all(VALUES[parameter]!.map(async (value) => {
        if (value === undefined) url.searchParams.delete(parameter);
        else url.searchParams.set(parameter, value);
        const response = await world.ask(url.pathname + url.search);
        return `${response.status} ${response.headers.get("location")} ${await response.text()}`;
      }));
      assert.notEqual(answers[0], answers[1], `${name} ${parameter}`);
      count++;
    }
  }
  assert.ok(count > 50, `${count}`);
});

test("NOON_S is the hour of the examples", () => {
  assert.equal(new Date(NOON_S * 1000).toISOString().slice(0, 13), "2026-08-01T12");
});
