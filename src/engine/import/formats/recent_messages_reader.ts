import { sentUs } from "../../../core/batch/content.ts";
import type { IrcMessage } from "../../../core/batch/message.ts";
import { KEPT_COMMANDS } from "../../../core/batch/message.ts";
import { foldChannel } from "../../../core/irc/fold_channel.ts";
import { parseIrcLine } from "../../../core/irc/irc_line.ts";
import { JsonElements } from "../../../core/json/json_elements.ts";
import { parseJson } from "../../../core/json/parse_json.ts";
import { type Micros, MILLISECOND_US, SECOND_US, TIME_END_US } from "../../../core/time.ts";
import { type FormatReader, type FoundEntry, refused } from "./format_reader.ts";
import { fieldOf, textOf, toObject } from "./parts/json_fields.ts";

/** Tags that the services put in front of what Twitch sent. */
const ADDED: ReadonlySet<string> = new Set(["historical", "rm-deleted", "rm-received-ts"]);

/** A message that tells no time was sent this long before the service received it, at most. */
const LAG_MAX_US = 10 * SECOND_US;

/**
 * A reader of the answers of recent-messages services, and of justlog and rustlog in JSON: an object with
 * `messages`, which are lines of IRC, or objects that have one as `raw`. What the service added is left out.
 */
export class RecentMessagesReader implements FormatReader {
  readonly #elements = new JsonElements();
  #ordinal = 0;

  /** See {@link FormatReader}. */
  *push(text: string): Iterable<FoundEntry> {
    for (const { key, isInArray, text: json } of this.#elements.push(text)) {
      if (key === "messages" && isInArray) yield this.#entry(json);
    }
  }

  /** See {@link FormatReader}. */
  *end(): Iterable<FoundEntry> {
    if (!this.#elements.isDone || this.#elements.isBroken) yield refused("the file ends too early");
  }

  #entry(json: string | undefined): FoundEntry {
    if (json === undefined) return refused("entry too long or too deep");
    let value: unknown;
    try {
      value = parseJson(json);
    } catch {
      return refused("unreadable entry");
    }
    const raw = typeof value === "string" ? value : textOf(toObject(value), "raw");
    if (raw === undefined || /[\r\n]./.test(raw)) return refused("unreadable entry");
    return this.#line(raw.replace(/\r?\n?$/, ""));
  }

  #line(raw: string): FoundEntry {
    const received = receivedUs(raw);
    const line = withoutAdded(raw);
    const parsed = parseIrcLine(line);
    if (!parsed.ok) return refused("no line of IRC", received);
    const atUs = sentUs(parsed.message.tags);
    if (!KEPT_COMMANDS.has(parsed.message.command)) {
      return refused("command not kept", atUs ?? received);
    }
    if (atUs !== undefined) {
      const folded = foldChannel(line, parsed.message);
      return {
        kind: "message",
        ...folded,
        startUs: atUs,
        endUs: atUs,
        receivedUs: received ?? atUs,
      };
    }
    if (received === undefined) return refused("no time");
    const startUs = Math.max(0, received - LAG_MAX_US);
    const at = received + this.#ordinal++ % MILLISECOND_US;
    const folded = foldChannel(line, parsed.message);
    return { kind: "message", ...folded, startUs, endUs: received + SECOND_US, receivedUs: at };
  }
}

function receivedUs(line: string): Micros | undefined {
  const parsed = parseIrcLine(line);
  const tags: IrcMessage["tags"] = parsed.ok ? parsed.message.tags : null;
  const text = fieldOf(tags ?? undefined, "rm-received-ts");
  if (typeof text !== "string" || !/^\d{1,13}$/.test(text)) return undefined;
  const us = Number(text) * MILLISECOND_US;
  return us > 0 && us < TIME_END_US - SECOND_US ? us : undefined;
}

/** The line as Twitch sent it. */
function withoutAdded(line: string): string {
  if (!line.startsWith("@")) return line;
  const end = line.indexOf(" ");
  if (end === -1) return line;
  const pieces = line.slice(1, end).split(";");
  const kept = pieces.filter((piece) => !ADDED.has(piece.split("=", 1)[0]!));
  if (kept.length === pieces.length) return line;
  return kept.length === 0 ? line.slice(end + 1) : `@${kept.join(";")}${line.slice(end)}`;
}
