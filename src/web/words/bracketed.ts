import { ENGLISH, type Words } from "./english.ts";

/** English with every text in brackets: what a screen shows without them is no text of the catalogue. */
export function bracketed(): Words {
  const { tag, name, dayTag, axisDay, ...texts } = ENGLISH;
  return { tag, name, dayTag, axisDay, ...inBrackets(texts) };
}

function inBrackets<T>(value: T): T {
  if (typeof value === "string") return (value === "" ? value : `⟦${value}⟧`) as T;
  if (typeof value === "function") {
    return ((...args: unknown[]) => inBrackets((value as CallableFunction)(...args))) as T;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(inBrackets) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, inBrackets(each)]),
  ) as T;
}
