import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, toSeconds } from "../../core/time.ts";
import { type ChatExport, type ExportedEvent, type ExportFacts, offsetMs } from "./chat_export.ts";
import { derivedUuid } from "./derived_uuid.ts";
import { toShown } from "./shown_message.ts";

/** The version of the format that is written. */
const VERSION = { Major: 1, Minor: 4, Patch: 0 };

/** A date that means "never" to readers of the format. */
const NEVER = "0001-01-01T00:00:00";

/** Ids of rooms are numbers of 32 bits in this format. */
const ROOM_ID_MAX = 2 ** 31 - 1;

/**
 * TwitchDownloader's chat JSON, version 1.4.0: what viewers saw, with badges, colours, bits and emotes, ready
 * for being rendered beside a video. It has no place for bans, deletions and the like: they are left out.
 */
export class TwitchDownloaderJson implements ChatExport {
  #facts: ExportFacts | undefined;
  #isFirst = true;

  /** See {@link ChatExport}. */
  begin(facts: ExportFacts): string {
    this.#facts = facts;
    const { channel, roomId, startUs, endUs } = facts;
    const id = Number(roomId);
    const streamer = {
      name: channel,
      login: channel,
      id: Number.isInteger(id) && id <= ROOM_ID_MAX ? id : 0,
    };
    const lengthS = Math.max(0, toSeconds(endUs - startUs));
    const head = {
      FileInfo: { Version: VERSION, CreatedAt: toIso(startUs, true), UpdatedAt: NEVER },
      streamer,
      clipper: null,
      video: {
        title: `Chat of ${channel}`,
        description: null,
        id: null,
        created_at: toIso(startUs, true),
        start: 0,
        end: lengthS,
        length: lengthS,
        viewCount: 0,
        game: null,
        chapters: [],
      },
    };
    return `${JSON.stringify(head).slice(0, -1)},"comments":[`;
  }

  /** See {@link ChatExport}. */
  event(event: ExportedEvent): string {
    const comment = toComment(event, this.#facts!);
    if (comment === undefined) return "";
    const comma = this.#isFirst ? "\n" : ",\n";
    this.#isFirst = false;
    return comma + JSON.stringify(comment);
  }

  /** See {@link ChatExport}. */
  end(): string {
    return `\n],"embeddedData":null}\n`;
  }
}

function toComment(event: ExportedEvent, facts: ExportFacts): unknown {
  const { message, line, startUs, endUs } = event;
  const shown = toShown(message);
  if (shown === undefined) return undefined;
  const msgId = noticeOf(message);
  return {
    _id: tagOf(message, "id") || derivedUuid(line),
    created_at: toIso(startUs, startUs === endUs),
    channel_id: facts.roomId,
    content_type: "video",
    content_id: null,
    content_offset_seconds: offsetMs(event, facts) / 1000,
    commenter: {
      display_name: shown.name,
      _id: tagOf(message, "user-id"),
      name: shown.login,
      bio: null,
      created_at: NEVER,
      updated_at: NEVER,
      logo: null,
    },
    message: {
      body: shown.body,
      bits_spent: bitsOf(message),
      fragments: shown.pieces.map(({ text, emoteId }) => ({
        text,
        emoticon: emoteId === undefined ? null : { emoticon_id: emoteId },
      })),
      user_badges: badgesOf(message),
      user_color: /^#[0-9A-Fa-f]{6}$/.exec(tagOf(message, "color"))?.[0] ?? null,
      ...(msgId === undefined ? {} : { user_notice_params: { msg_id: msgId } }),
      emoticons: [],
    },
  };
}

/** The kinds of notices that readers of the format know; they take others for faults. */
const KNOWN_NOTICES: ReadonlySet<string> = new Set(["sub", "resub", "subgift"]);

function noticeOf(message: IrcMessage): string | undefined {
  const msgId = tagOf(message, "msg-id");
  if (message.command === "PRIVMSG") return msgId === "highlighted-message" ? msgId : undefined;
  return KNOWN_NOTICES.has(msgId) ? msgId : undefined;
}

function tagOf({ tags }: IrcMessage, key: string): string {
  return tags !== null && Object.hasOwn(tags, key) ? tags[key]! : "";
}

function bitsOf(message: IrcMessage): number {
  const bits = tagOf(message, "bits");
  return /^\d{1,9}$/.test(bits) ? Number(bits) : 0;
}

/** `set/version` each; a set's name may hold a slash, a version has none. */
function badgesOf(message: IrcMessage): { readonly _id: string; readonly version: string }[] {
  return tagOf(message, "badges").split(",").flatMap((badge) => {
    const slash = badge.lastIndexOf("/");
    return slash <= 0 ? [] : [{ _id: badge.slice(0, slash), version: badge.slice(slash + 1) }];
  });
}

/** A time of which only a range is known is written without its fraction. */
function toIso(us: Micros, isExact: boolean): string {
  const text = new Date(Math.floor(us / 1000)).toISOString();
  return isExact ? text : text.replace(/\.\d{3}Z$/, "Z");
}
