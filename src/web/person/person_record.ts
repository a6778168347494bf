import { useEffect, useState } from "preact/hooks";
import type { PersonRecord } from "../reading/page_calls.ts";
import type { Library } from "../state/library.ts";

const UNKNOWN: PersonRecord = { months: undefined, names: undefined };

/** What the node tells of a person by itself; nothing until it has, and of files that are open. */
export function usePersonRecord(
  library: Library,
  { channel, user }: { readonly channel: string; readonly user: string },
): PersonRecord {
  const [record, setRecord] = useState(UNKNOWN);
  useEffect(() => {
    setRecord(UNKNOWN);
    if (user === "") return;
    const controller = new AbortController();
    const { signal } = controller;
    library.call("person", { channel, user }, { signal }).then(setRecord).catch(() => {
      // The lines that are read tell the same, later.
    });
    return () => controller.abort();
  }, [channel, user, library.version.value]);
  return record;
}
