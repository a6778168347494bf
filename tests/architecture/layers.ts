/** What a layer may import and use. This is the picture in src/ARCHITECTURE.md, for machines. */
export interface Layer {
  /** Layers of the project. */
  readonly imports: readonly string[];
  /** Modules of the runtime: exact, or with `*` for any. */
  readonly runtime: readonly string[];
  /** npm packages in one file; `Infinity` where the layer chooses them. */
  readonly packagesPerFile: number;
  /** Names of the runtime that it must not use. */
  readonly forbidden: readonly string[];
}

/** Names that only one runtime has, or that Node 20 lacks. */
const UNPORTABLE = [
  "Deno",
  "Bun",
  "Buffer",
  "global",
  "require",
  "__dirname",
  "Promise.withResolvers",
  "Promise.try",
  "Array.fromAsync",
  "Iterator",
];

/** Time, chance and the world: handed in through ports. */
const WORLD = [
  "process",
  "performance",
  "Date.now",
  "Math.random",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "requestAnimationFrame",
  "AbortSignal.timeout",
  "fetch",
  "crypto",
  "WebSocket",
  "console",
  "navigator",
  "window",
  "document",
  "globalThis",
  "self",
  "localStorage",
  "indexedDB",
];

const INSIDE = { runtime: [], packagesPerFile: 0, forbidden: [...UNPORTABLE, ...WORLD] };

/** The layers, by folder. `mod.ts` is a layer of its own, as are the examples. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  core: { ...INSIDE, imports: ["core"] },
  async: { ...INSIDE, imports: ["async"] },
  ports: { ...INSIDE, imports: ["core", "ports"] },
  engine: { ...INSIDE, imports: ["core", "async", "ports", "engine"] },
  "mod.ts": { ...INSIDE, imports: ["core", "ports", "engine"] },
  adapters: {
    imports: ["core", "async", "ports", "adapters"],
    runtime: ["node:*"],
    packagesPerFile: 1,
    forbidden: UNPORTABLE.filter((name) => name !== "Buffer"),
  },
  testing: {
    imports: ["core", "async", "ports", "testing"],
    runtime: ["node:assert", "node:assert/strict"],
    packagesPerFile: 0,
    forbidden: UNPORTABLE,
  },
  node: {
    imports: ["core", "async", "ports", "engine", "adapters", "node"],
    runtime: ["node:*"],
    packagesPerFile: 0,
    forbidden: UNPORTABLE,
  },
  cli: {
    imports: ["core", "async", "ports", "engine", "adapters", "testing", "node", "cli"],
    runtime: ["node:*"],
    packagesPerFile: 1,
    forbidden: UNPORTABLE,
  },
  web: {
    imports: ["core", "async", "ports", "engine", "adapters", "web"],
    runtime: [],
    packagesPerFile: Infinity,
    forbidden: [...UNPORTABLE, "process"],
  },
  examples: {
    imports: ["published"],
    runtime: ["node:*"],
    packagesPerFile: 0,
    forbidden: UNPORTABLE,
  },
};

/** The layer of a file of the project, or `undefined` for tests and tools. */
export function layerOf(path: string): string | undefined {
  if (path === "mod.ts") return path;
  const [top, folder] = path.split("/");
  if (top === "examples") return top;
  return top === "src" ? folder : undefined;
}
