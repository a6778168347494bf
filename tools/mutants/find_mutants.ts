import { readFileSync } from "node:fs";
// Only the mutation tester needs a TypeScript parser: deno.json of this folder names it, so that the
// project fetches none.
import ts from "typescript";

/** One small change to one source file. */
export interface Mutant {
  /** Relative to the project, with `/`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** What is replaced: offsets in the text of the file. */
  readonly from: number;
  readonly to: number;
  readonly before: string;
  readonly after: string;
  /** What has to be evaluated for the change to matter. */
  readonly site: Site;
}

/** An expression or a statement: offsets in the text of its file. */
export interface Site {
  readonly from: number;
  readonly to: number;
  readonly isStatement: boolean;
}

const OPERATORS: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "&&": "||",
  "||": "&&",
  "+=": "-=",
  "-=": "+=",
  "&": "|",
  "|": "&",
  "<<": ">>",
  ">>": "<<",
};

const SWAPPED_CALLS: Readonly<Record<string, string>> = {
  "Math.min": "Math.max",
  "Math.max": "Math.min",
  "Math.floor": "Math.ceil",
  "Math.ceil": "Math.floor",
};

/** Log lines are prose; tests need not hold their words. */
const UNTESTED_CALL = /\.report\($/;

/** All mutants of one file, in the order of its text. */
export function findMutants(root: string, file: string): Mutant[] {
  const text = readFileSync(`${root}${file}`, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    if (isLeftAlone(node)) return;
    for (const [from, to, after] of changesOf(node, source)) {
      const line = source.getLineAndCharacterOfPosition(from).line + 1;
      const site = siteOf(node, source);
      mutants.push({ file, line, from, to, before: text.slice(from, to), after, site });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

/** Types, imports, what only makes an error's words. */
function isLeftAlone(node: ts.Node): boolean {
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) || ts.isThrowStatement(node) ||
    ts.isTemplateExpression(node);
}

function siteOf(node: ts.Node, source: ts.SourceFile): Site {
  const place = ts.isIfStatement(node)
    ? node.expression
    : ts.isConditionalExpression(node)
    ? node.condition
    : node;
  return {
    from: place.getStart(source),
    to: place.end,
    isStatement: ts.isExpressionStatement(place),
  };
}

type Change = readonly [from: number, to: number, after: string];

function changesOf(node: ts.Node, source: ts.SourceFile): Change[] {
  const all = (after: string): Change[] => [[node.getStart(source), node.end, after]];
  if (ts.isBinaryExpression(node)) {
    const operator = node.operatorToken;
    const swapped = OPERATORS[operator.getText(source)];
    if (swapped === undefined || isConcatenation(node)) return [];
    return [[operator.getStart(source), operator.end, swapped]];
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return all(node.operand.getText(source));
  }
  if (ts.isNumericLiteral(node)) {
    return isKey(node) ? [] : all(`(${node.getText(source)} + 1)`);
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return all("false");
  if (node.kind === ts.SyntaxKind.FalseKeyword) return all("true");
  if (ts.isIfStatement(node)) {
    const { expression } = node;
    return [[expression.getStart(source), expression.end, "false"]];
  }
  if (ts.isConditionalExpression(node)) {
    const { condition } = node;
    return [[condition.getStart(source), condition.end, `!(${condition.getText(source)})`]];
  }
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    const swapped = SWAPPED_CALLS[expression.getText(source)];
    if (swapped !== undefined) return [[expression.getStart(source), expression.end, swapped]];
    return [];
  }
  if (ts.isExpressionStatement(node) && !UNTESTED_CALL.test(firstCall(node, source))) {
    return all(";");
  }
  return [];
}

function firstCall(node: ts.ExpressionStatement, source: ts.SourceFile): string {
  const text = node.getText(source);
  return text.slice(0, text.indexOf("(") + 1);
}

/** Whether a number names a property, as in `{ 1: x }`. */
function isKey(node: ts.NumericLiteral): boolean {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** `+` between texts has no counterpart. */
function isConcatenation(node: ts.BinaryExpression): boolean {
  return node.operatorToken.kind === ts.SyntaxKind.PlusToken &&
    [node.left, node.right].some((side) =>
      ts.isStringLiteralLike(side) || ts.isTemplateExpression(side)
    );
}
