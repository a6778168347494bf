import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseJson } from "../../core/json/parse_json.ts";
import type { OptOutNote, OptOutNotes } from "../../ports/notes/opt_out_notes.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";
import { fileError } from "./calls/file_errors.ts";
import { namesIn } from "./calls/names_in.ts";
import { replaceFile } from "./calls/replace_file.ts";
import { readNotes } from "./file_system_notes.ts";

const NAME = /^(user|channel)-([0-9]{1,20})\.json$/;

/** Notes of who has opted out, a file each in the state folder of `root`. */
export function fileSystemOptOuts(root: string, reporter: Reporter): OptOutNotes {
  const folder = join(resolve(root), STATE_FOLDER, "opt-outs");
  const pathOf = ({ kind, id }: Pick<OptOutNote, "kind" | "id">) => {
    const name = `${kind}-${id}.json`;
    if (!NAME.test(name)) throw new RangeError(`Cannot note "${id}": it is no user's id`);
    return join(folder, name);
  };
  return {
    async list() {
      const notes: OptOutNote[] = [];
      for (const name of await namesIn(folder, "STORE_IO")) {
        const match = NAME.exec(name);
        if (match === null) continue;
        const path = join(folder, name);
        const text = await readNotes(path);
        if (text === undefined) continue; // Another process has removed it.
        const named = { kind: match[1] as OptOutNote["kind"], id: match[2]! };
        const note = parseNote(text, named);
        // The name alone says who: that must hold although the rest is damaged.
        notes.push(note ?? { ...named, logins: [], madeUs: 0, isDone: false });
        if (note !== undefined) continue;
        const message = "A note of an opt-out is damaged: the archive is searched anew";
        reporter.report("warning", message, { path });
      }
      return notes;
    },
    async put(note) {
      const { logins, madeUs, isDone } = note;
      await replaceFile(pathOf(note), `${JSON.stringify({ logins, madeUs, isDone })}\n`);
    },
    async delete(note) {
      const path = pathOf(note);
      try {
        await rm(path, { force: true });
      } catch (cause) {
        throw fileError(`delete "${path}"`, { cause, otherwise: "STORE_IO" });
      }
    },
  };
}

function parseNote(
  text: string,
  named: Pick<OptOutNote, "kind" | "id">,
): OptOutNote | undefined {
  try {
    const { logins, madeUs, isDone } = parseJson(text) as Partial<OptOutNote>;
    const isGood = Array.isArray(logins) && logins.every((each) => typeof each === "string") &&
      Number.isSafeInteger(madeUs) && typeof isDone === "boolean";
    return isGood ? { ...named, logins, madeUs: madeUs!, isDone } : undefined;
  } catch {
    return undefined;
  }
}
