import type { Command } from "commander";

/** Makes a verb, whose module and its imports are loaded then. */
type LoadVerb = () => Promise<Command>;

/** The verbs, in the order of the help page. */
const VERBS: ReadonlyMap<string, LoadVerb> = new Map<string, LoadVerb>([
  ["record", async () => (await import("./commands/record.ts")).recordCommand()],
  ["import", async () => (await import("./commands/import.ts")).importCommand()],
  ["export", async () => (await import("./commands/reading/export.ts")).exportCommand()],
  ["cat", async () => (await import("./commands/reading/cat.ts")).catCommand()],
  ["tail", async () => (await import("./commands/reading/tail.ts")).tailCommand()],
  ["merge", async () => (await import("./commands/maintain/merge.ts")).mergeCommand()],
  ["settle", async () => (await import("./commands/maintain/settle.ts")).settleCommand()],
  ["redact", async () => (await import("./commands/operating/redact.ts")).redactCommand()],
  ["verify", async () => (await import("./commands/maintain/verify.ts")).verifyCommand()],
  ["manifest", async () => (await import("./commands/maintain/manifest.ts")).manifestCommand()],
  ["copy", async () => (await import("./commands/maintain/copy.ts")).copyCommand()],
  ["serve", async () => (await import("./commands/serve.ts")).serveCommand()],
  ["sync", async () => (await import("./commands/sync.ts")).syncCommand()],
  ["worker", async () => (await import("./commands/worker.ts")).workerCommand()],
  ["topology", async () => (await import("./commands/operating/topology.ts")).topologyCommand()],
  [
    "dead-letters",
    async () => (await import("./commands/operating/dead_letters.ts")).deadLettersCommand(),
  ],
  ["index", async () => (await import("./commands/maintain/index_archive.ts")).indexCommand()],
  ["orders", async () => (await import("./commands/operating/orders.ts")).ordersCommand()],
  ["coverage", async () => (await import("./commands/reading/coverage.ts")).coverageCommand()],
  ["prune", async () => (await import("./commands/maintain/prune.ts")).pruneCommand()],
  ["pack", async () => (await import("./commands/maintain/pack.ts")).packCommand()],
  ["unpack", async () => (await import("./commands/maintain/pack.ts")).unpackCommand()],
  ["optout", async () => (await import("./commands/operating/optout.ts")).optOutCommand()],
  ["media", async () => (await import("./commands/operating/media.ts")).mediaCommand()],
  ["config", async () => (await import("./commands/operating/config.ts")).configCommand()],
  ["simulate", async () => (await import("./commands/simulate.ts")).simulateCommand()],
  ["demo", async () => (await import("./commands/demo.ts")).demoCommand()],
]);

/**
 * Only the verb that `args` run, as a program needs no other for it. Where they run none, as for
 * help and for an unknown name, all verbs.
 */
export async function loadVerbs(args: readonly string[]): Promise<Command[]> {
  const load = VERBS.get(firstArgument(args) ?? "");
  if (load !== undefined) return [await load()];
  return await Promise.all([...VERBS.values()].map((each) => each()));
}

/** Flags of the program that are followed by a value. */
const WITH_VALUE: ReadonlySet<string> = new Set(["--log-level", "--log-format"]);

/** The first of `args` that is neither such a flag nor its value. */
function firstArgument(args: readonly string[]): string | undefined {
  let at = 0;
  while (at < args.length) {
    const name = args[at]!.split("=", 1)[0]!;
    if (!WITH_VALUE.has(name)) break;
    at += name === args[at] ? 2 : 1;
  }
  return args[at];
}
