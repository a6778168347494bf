import type { Message } from "../../core/batch/message.ts";
import { formatText } from "../../core/batch/message_text.ts";
import { MILLISECOND_US } from "../../core/time.ts";
import type { VerbContext } from "../frame/context.ts";
import type { FollowArchiveOptions } from "./follow_archive.ts";

/** How a message is printed: as its stored line, or as one line of text. */
export type PrintFormat = "json" | "text";

/** What is reported where a feed had to skip messages. */
export const MISSED = "Too slow for the feed: what was missed follows from the archive";

/** A message with its line end. */
export function printedLine(
  { line, message }: { readonly line: string; readonly message: Message },
  format: PrintFormat,
): string {
  return format === "json" ? `${line}\n` : `${formatText(message)}\n`;
}

/**
 * Prints what recorders on this machine receive, until the context's signal aborts.
 *
 * @throws {ChatloomError} when the archive cannot be read.
 */
export async function printFollowed(
  archive: string,
  { format, ...options }: FollowArchiveOptions & { readonly format: PrintFormat },
  context: VerbContext,
): Promise<void> {
  const { followArchive } = await import("./follow_archive.ts");
  for await (const items of followArchive(archive, options, context)) {
    let text = "";
    for (const item of items) {
      if (item.kind === "message") text += printedLine(item.event, format);
      if (item.kind === "missed") {
        const from = new Date(item.fromUs / MILLISECOND_US).toISOString();
        context.reporter.report("warning", MISSED, { from });
      }
    }
    if (text !== "") await context.print(text);
  }
}
