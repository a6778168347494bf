import { escapeControls } from "../../../core/json/escape_controls.ts";
import { words } from "../../words/words.ts";

/** A badge as text. */
export interface Badge {
  /** Short, to stand before a name. */
  readonly label: string;
  /** In full. */
  readonly title: string;
}

/**
 * Reads `moderator/1,subscriber/12`, and keeps those that tell a user's part in the channel: the badges that readers
 * look for. A click shows the rest in full.
 */
export function badgesOf(tag: string): Badge[] {
  const labels: Readonly<Record<string, string>> = words.value.message.badges;
  return tag.split(",").flatMap((part) => {
    const [name = "", version = ""] = part.split("/", 2);
    const label = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (label === undefined) return [];
    return [{ label, title: escapeControls(version === "" ? name : `${name} ${version}`) }];
  });
}
