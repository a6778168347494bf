import type { ChatExport, ExportedEvent, ExportFacts } from "./chat_export.ts";

/** The text of an event; `""` if the format has no place for it. */
export type FormatEvent = (event: ExportedEvent, facts: ExportFacts) => string;

/** A format that writes each event by itself, behind a head that is always the same. */
export function eventExport(format: FormatEvent, head = ""): ChatExport {
  let known: ExportFacts | undefined;
  return {
    begin(facts) {
      known = facts;
      return head;
    },
    event: (event) => format(event, known!),
    end: () => "",
  };
}
