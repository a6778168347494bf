import { escapeControls } from "../../../core/json/escape_controls.ts";

/** A badge as text. */
export interface Badge {
  /** Short, to stand before a name. */
  readonly label: string;
  /** In full. */
  readonly title: string;
}

// The badges that readers look for; a click shows the rest in full.
const LABELS: Readonly<Record<string, string>> = {
  broadcaster: "streamer",
  moderator: "mod",
  lead_moderator: "lead mod",
  vip: "vip",
  subscriber: "sub",
  founder: "founder",
  staff: "staff",
  admin: "admin",
  global_mod: "global mod",
  partner: "partner",
  "bot-badge": "bot",
};

/** Reads `moderator/1,subscriber/12`, and keeps those that tell a user's part in the channel. */
export function badgesOf(tag: string): Badge[] {
  return tag.split(",").flatMap((part) => {
    const [name = "", version = ""] = part.split("/", 2);
    const label = Object.hasOwn(LABELS, name) ? LABELS[name] : undefined;
    if (label === undefined) return [];
    return [{ label, title: escapeControls(version === "" ? name : `${name} ${version}`) }];
  });
}
