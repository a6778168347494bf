import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One place where a file takes something from another. */
export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** What is taken; `*` for everything, nothing for an import that only runs the file. */
  readonly names: readonly string[];
  /** Whether nothing of it is left when types are gone. */
  readonly isTypeOnly: boolean;
  /** Whether it is an `import()`, which loads nothing until it runs. */
  readonly isLazy: boolean;
}

/** What the syntax tree of a file says. Paths are relative to the project, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** Names that others can import, without those that it only passes on by `*`. */
  readonly exports: readonly string[];
  /** Those of them that are types. */
  readonly exportedTypes: ReadonlySet<string>;
  /** How often each name is written, keys and members left out. */
  readonly mentions: ReadonlyMap<string, number>;
  /** Names and `Object.member`s that are neither declared nor imported here. */
  readonly globals: ReadonlySet<string>;
  /** Syntax that some layers must not have. */
  readonly marks: ReadonlySet<"await" | "async" | "default export" | "enum" | "new Date()">;
}

/** Deno's own parser, by the one door to it; its types come with `--unstable` only. */
const { lint } = Deno as unknown as {
  lint: { runPlugin(plugin: object, path: string, text: string): unknown };
};

/** The project's folder, with a slash at the end. */
export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** Paths of the TypeScript files below `folder`, sorted. */
export function sourcePaths(folder: string): string[] {
  return readdirSync(PROJECT + folder, { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts"))
    .sort();
}

/** Reads and parses a file of the project. */
export function readSource(path: string): SourceFile {
  return parseSource(path, readFileSync(PROJECT + path, "utf8"));
}

/** Parses `text` as the file at `path` would be. Runs only under `deno test`, which has the parser. */
export function parseSource(path: string, text: string): SourceFile {
  const imports: Import[] = [];
  const exports: string[] = [];
  const exportedTypes = new Set<string>();
  const mentions = new Map<string, number>();
  const members = new Set<string>();
  const declared = new Set<string>();
  const marks = new Set<string>();

  function take(source: Node, names: string[], isTypeOnly: boolean, isLazy = false): void {
    imports.push({ specifier: String(source["value"]), names, isTypeOnly, isLazy });
  }
  const visitor: Visitor = {
    ImportDeclaration(node) {
      const parts = node["specifiers"] as Node[];
      const names = parts.map((part) =>
        part.type === "ImportSpecifier" ? name(part["imported"]) : "*"
      );
      for (const part of parts) declared.add(name(part["local"]));
      const isTypeOnly = node["importKind"] === "type" ||
        (parts.length > 0 && parts.every((part) => part["importKind"] === "type"));
      take(node["source"] as Node, names, isTypeOnly);
    },
    ImportExpression: (node) => take(node["source"] as Node, ["*"], false, true),
    TSImportType: (node) => take((node["argument"] as Node)["literal"] as Node, ["*"], true),
    ExportAllDeclaration: (node) =>
      take(node["source"] as Node, ["*"], node["exportKind"] === "type"),
    ExportNamedDeclaration(node) {
      const parts = (node["specifiers"] ?? []) as Node[];
      exports.push(...parts.map((part) => name(part["exported"])));
      if (node["source"]) {
        const isTypeOnly = node["exportKind"] === "type" ||
          parts.every((part) => part["exportKind"] === "type");
        take(node["source"] as Node, parts.map((part) => name(part["local"])), isTypeOnly);
      }
      const declaration = node["declaration"] as Node | null;
      exports.push(...declaredNames(declaration));
      if (declaration?.type.startsWith("TS")) exportedTypes.add(name(declaration["id"]));
    },
    ExportDefaultDeclaration: () => void marks.add("default export"),
    TSEnumDeclaration: () => void marks.add("enum"),
    AwaitExpression: () => void marks.add("await"),
    ForOfStatement: (node) => void (node["await"] && marks.add("await")),
    FunctionDeclaration: (node) => void (node["async"] && marks.add("async")),
    FunctionExpression: (node) => void (node["async"] && marks.add("async")),
    ArrowFunctionExpression: (node) => void (node["async"] && marks.add("async")),
    NewExpression(node) {
      const isDate = (node["callee"] as Node)["name"] === "Date";
      if (isDate && (node["arguments"] as Node[]).length === 0) marks.add("new Date()");
    },
    Identifier(node) {
      const role = roleOf(node);
      if (role === "declaration") declared.add(name(node));
      if (role === "key") return;
      mentions.set(name(node), (mentions.get(name(node)) ?? 0) + 1);
      const parent = node.parent;
      if (role === "use" && parent?.type === "MemberExpression" && parent["object"] === node) {
        members.add(`${name(node)}.${name(parent["property"])}`);
      }
    },
  };
  lint.runPlugin({ name: "facts", rules: { facts: { create: () => visitor } } }, path, text);
  const globals = new Set(
    [...mentions.keys(), ...members].filter((mention) => !declared.has(mention.split(".")[0]!)),
  );
  return {
    path,
    text,
    imports,
    exports,
    exportedTypes,
    mentions,
    globals,
    marks: marks as SourceFile["marks"],
  };
}

/** A node of the syntax tree, of which only some fields matter here. */
interface Node {
  readonly type: string;
  readonly parent?: Node;
  readonly [field: string]: unknown;
}
type Visitor = Record<string, (node: Node) => void>;

function name(node: unknown): string {
  const { name, value } = node as { name?: string; value?: string };
  return name ?? value ?? "?";
}

function declaredNames(declaration: Node | null): string[] {
  if (!declaration) return [];
  if (declaration.type !== "VariableDeclaration") return [name(declaration["id"])];
  return (declaration["declarations"] as Node[]).map((part) => name(part["id"]));
}

const DECLARING =
  /^(VariableDeclarator|(TSDeclare)?Function.*|ArrowFunction.*|Class.*|TSType.*Declaration|TSInterfaceDeclaration|TSTypeParameter|CatchClause|RestElement|AssignmentPattern|ArrayPattern)$/;
const KEYED =
  /^(Property|PropertyDefinition|MethodDefinition|TSPropertySignature|TSMethodSignature|TSAbstract.*)$/;

/** Whether an identifier declares a name, uses one, or is only the name of a field. */
function roleOf(node: Node): "declaration" | "use" | "key" {
  const parent = node.parent;
  if (!parent) return "use";
  if (parent.type === "MemberExpression" && parent["property"] === node) {
    return parent["computed"] ? "use" : "key";
  }
  if (KEYED.test(parent.type) && parent["key"] === node && !parent["computed"]) {
    const isPattern = parent["shorthand"] && parent.parent?.type === "ObjectPattern";
    return isPattern ? "declaration" : parent["shorthand"] ? "use" : "key";
  }
  if (parent.type === "Property" && parent.parent?.type === "ObjectPattern") return "declaration";
  if (!DECLARING.test(parent.type)) return "use";
  const isName = parent["id"] === node || parent["param"] === node || parent["left"] === node ||
    parent["name"] === node || parent["argument"] === node ||
    [parent["params"], parent["elements"]].some((list) =>
      Array.isArray(list) && list.includes(node)
    );
  return isName ? "declaration" : "use";
}
