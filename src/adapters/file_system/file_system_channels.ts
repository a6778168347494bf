import { join, resolve } from "node:path";
import { isChannelName } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { parseJson } from "../../core/json/parse_json.ts";
import type { ChannelChanges, ChannelChangesNotes } from "../../ports/notes/channel_changes.ts";
import { replaceFile } from "./calls/replace_file.ts";
import { readNotes } from "./file_system_notes.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";

/** What an operator changed in the recorded channels, in a file in the state folder of `root`. */
export function fileSystemChannels(root: string): ChannelChangesNotes {
  const path = join(resolve(root), STATE_FOLDER, "channels.json");
  return {
    async read() {
      const text = await readNotes(path);
      if (text === undefined) return { added: [], removed: [] };
      const changes = parseChanges(text);
      if (changes !== undefined) return changes;
      throw new ChatloomError(
        "INPUT_UNREADABLE",
        `Cannot read "${path}": it is damaged; delete it`,
      );
    },
    async replace({ added, removed }) {
      await replaceFile(path, `${JSON.stringify({ added, removed })}\n`);
    },
  };
}

function parseChanges(text: string): ChannelChanges | undefined {
  try {
    const { added, removed } = parseJson(text) as Partial<ChannelChanges>;
    return areNames(added) && areNames(removed) ? { added, removed } : undefined;
  } catch {
    return undefined;
  }
}

function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) &&
    value.every((each) => typeof each === "string" && isChannelName(each));
}
