import type { Message } from "../../../../core/batch/message.ts";
import { findMessageFault } from "../../../../core/batch/message_check.ts";
import type { Micros } from "../../../../core/time.ts";

/** A page of messages that a node found. */
export interface FoundPage {
  /** Newest first. */
  readonly messages: readonly Message[];
  /** Where to go on; `undefined` when all was searched. */
  readonly next: string | undefined;
  /** All from here to the end was searched. */
  readonly searchedFromUs: Micros;
}

/** Reads `/CHANNEL/search.json`; `undefined` if it is none. A node is not trusted to send what it should. */
export function readFoundPage(value: unknown): FoundPage | undefined {
  const { next, searched_from: searchedFromUs, messages } = (value ?? {}) as {
    [field: string]: unknown;
  };
  if (next !== null && typeof next !== "string") return undefined;
  if (typeof searchedFromUs !== "number" || !(searchedFromUs >= 0)) return undefined;
  if (!Array.isArray(messages)) return undefined;
  if (messages.some((each) => findMessageFault(each) !== undefined)) return undefined;
  return { messages, searchedFromUs, next: next ?? undefined };
}
