import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { importCapture } from "../../../src/engine/import/import_capture.ts";
import type { OptOutNote, OptOutNotes } from "../../../src/ports/notes/opt_out_notes.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

/** Notes in memory, as a disk has them. `fail` is asked before each put. */
export function memoryNotes(
  fail: () => void = () => {},
): OptOutNotes & { readonly kept: Map<string, OptOutNote> } {
  const kept = new Map<string, OptOutNote>();
  return {
    kept,
    list: () => Promise.resolve([...kept.values()]),
    async put(note) {
      await Promise.resolve();
      fail();
      kept.set(`${note.kind} ${note.id}`, note);
    },
    delete: ({ kind, id }) => Promise.resolve(void kept.delete(`${kind} ${id}`)),
  };
}

/** An archive in memory of lines of IRC, and the text of all its files with their names. */
export async function importedArchive(lines: readonly string[]) {
  const store = memoryStore();
  const capture = {
    name: "c",
    async *open() {
      yield await Promise.resolve(new TextEncoder().encode(lines.join("\n")));
    },
  };
  await importCapture(capture, { store, hasher, reporter: noopReporter });
  const textOf = async (): Promise<string> => {
    let text = "";
    for await (const key of store.list("")) {
      text += `${key}\n${new TextDecoder().decode((await store.get(key))!)}`;
    }
    return text;
  };
  return { store, textOf };
}
