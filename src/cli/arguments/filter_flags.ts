import type { Command } from "commander";
import { filteredUser, type MessageFilter } from "../../core/text/message_filter.ts";

/** Which messages are printed, as flags say. */
export interface FilterFlags {
  readonly user?: readonly string[];
  readonly command?: readonly string[];
  readonly text?: string;
}

/** Adds {@link FilterFlags} to a verb. */
export function addFilterFlags(command: Command): Command {
  return command
    .option(
      "--user <names>",
      "print only what these users wrote, and bans of them; separated by commas",
      toList,
      [],
    )
    .option("--command <names>", "print only these commands, separated by commas", toList)
    .option("--text <text>", "print only messages that contain this text, in any case");
}

/** The filter that the flags describe. */
export function filterOf({ user = [], command = [], text = "" }: FilterFlags): MessageFilter {
  return {
    users: new Set(user.map(filteredUser)),
    commands: new Set(command.map((each) => each.toUpperCase())),
    text,
  };
}

function toList(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...value.split(",").map((each) => each.trim()).filter((each) => each !== "")];
}
