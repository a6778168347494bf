/**
 * What `docs/reference/http_api.md` says, made from the description that a node serves at
 * `/openapi.json`.
 */
import { fileSystemMedia } from "../src/adapters/file_system/file_system_media.ts";
import { bestHasher } from "../src/adapters/hashers/web_crypto_hasher.ts";
import { memoryStore } from "../src/adapters/memory/memory_store.ts";
import { Counters } from "../src/adapters/metrics/counters.ts";
import { prometheusMetrics } from "../src/adapters/metrics/prometheus_metrics.ts";
import { systemClock } from "../src/adapters/system/system_clock.ts";
import { systemRandom } from "../src/adapters/system/system_random.ts";
import { optOutRoute } from "../src/engine/api/optout/opt_out_route.ts";
import { ownExportRoutes } from "../src/engine/api/optout/own_export_routes.ts";
import { OwnExports } from "../src/engine/optout/own_exports.ts";
import { serveNode } from "../src/node/wiring/serve_node.ts";
import { noopReporter } from "../src/ports/reporter.ts";

/** A description of an API, as far as chatloom writes one. */
export interface ApiDescription {
  readonly info: { readonly description: string };
  /** Path → method in lower case → what it does. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly tags: readonly [string];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, ResponseDescription>>;
}

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description: string;
  readonly schema: {
    readonly type: string;
    readonly enum?: readonly string[];
    readonly default?: string;
    readonly minimum?: number;
  };
}

interface ResponseDescription {
  readonly description: string;
  readonly content?: Readonly<Record<string, unknown>>;
}

/** What a node with every route says of itself. */
export async function servedDescription(): Promise<ApiDescription> {
  const chances = { clock: systemClock(), random: systemRandom() };
  const listener = await serveNode({
    media: fileSystemMedia("no-archive"),
    peers: () => [],
    admin: { channels: { change: () => Promise.resolve(false) }, apiKey: () => undefined },
    moreRoutes: [
      optOutRoute({ clock: systemClock(), makeCode: () => undefined }),
      ...ownExportRoutes({
        ...{ clock: systemClock(), store: memoryStore(), hasher: await bestHasher() },
        ...{ exports: new OwnExports(chances), reporter: noopReporter },
      }),
    ],
    store: memoryStore(),
    hasher: await bestHasher(),
    clock: systemClock(),
    random: systemRandom(),
    reporter: noopReporter,
    metrics: prometheusMetrics({ counters: new Counters() }),
    logLevel: { get: () => "info", set: () => {} },
    logs: { nameHistory: true, crossChannelSearch: true },
    listen: "127.0.0.1:0",
  });
  try {
    const response = await fetch(`${listener.url}/openapi.json`);
    return await response.json() as ApiDescription;
  } finally {
    await listener.close();
  }
}

/** Whom routes are for, by their tag, in the order of the page. */
const AUDIENCES: Readonly<Record<string, string>> = {
  readers: "For readers and peers: open unless `--token-file` is given, which then asks for its " +
    "token as `Authorization: Bearer TOKEN`.",
  health: "For all callers.",
  metrics:
    "For Prometheus: as for the operator, unless `--metrics-token-file` or `--open-metrics` " +
    "says otherwise.",
  operator:
    "For the operator: at `--operator-listen`, or with the token of `--operator-token-file`.",
};

/** The page: routes by audience, each with its parameters and answers. */
export function formatReference(
  { info, paths }: ApiDescription,
  { note }: { readonly note: string },
): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  const strange = operations.find(({ operation }) => AUDIENCES[operation.tags[0]] === undefined);
  if (strange !== undefined) {
    throw new RangeError(`Cannot say whom ${strange.path} is for: ${strange.operation.tags}`);
  }
  const sections = Object.entries(AUDIENCES).map(([audience, text]) => {
    const routes = operations.filter(({ operation }) => operation.tags[0] === audience)
      .map(({ path, method, operation }) =>
        formatOperation(`${method.toUpperCase()} ${path}`, operation)
      );
    const title = audience.charAt(0).toUpperCase() + audience.slice(1);
    return `## ${title}\n\n${text}\n\n${routes.join("\n\n")}`;
  });
  return `# The HTTP API\n\n${note}\n\n${info.description}\n\nA node gives the same at ` +
    `\`/openapi.json\`, as OpenAPI 3.1.\n\n${sections.join("\n\n")}\n`;
}

function formatOperation(name: string, operation: Operation): string {
  const parameters = operation.parameters ?? [];
  const table = parameters.length === 0 ? "" : formatTable(
    ["parameter", "in", "meaning"],
    parameters.map((each) => [`\`${each.name}\``, each.in, formatMeaning(each)]),
  );
  const answers = Object.entries(operation.responses).map(([status, { description, content }]) => [
    status,
    Object.keys(content ?? {}).map((type) => `\`${type}\``).join(" or "),
    description,
  ]);
  const body = operation.requestBody === undefined ? "" : "The body of the request is plain text.";
  const parts = [`### ${name}`, operation.summary, body, table];
  return [...parts, formatTable(["status", "body", "meaning"], answers)]
    .filter((part) => part !== "").join("\n\n");
}

function formatMeaning({ description, schema, required, in: place }: Parameter): string {
  const more = [
    ...(place === "query" && required ? ["required"] : []),
    ...(schema.enum === undefined ? [] : [`one of ${schema.enum.map(code).join(", ")}`]),
    ...(schema.default === undefined ? [] : [`default ${code(schema.default)}`]),
    ...(schema.minimum === undefined ? [] : [`at least ${schema.minimum}`]),
  ];
  return more.length === 0 ? description : `${description} (${more.join("; ")})`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return lines.join("\n");
}
