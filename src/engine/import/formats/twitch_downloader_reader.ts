import { JsonElements } from "../../../core/json/json_elements.ts";
import { type FormatReader, type FoundEntry, refused, toFoundMessage } from "./format_reader.ts";
import {
  fieldOf,
  listOf,
  type LooseObject,
  objectOf,
  parseDateTime,
  parseObject,
  textOf,
  toLogin,
  toObject,
} from "./parts/json_fields.ts";
import { formatEmotes, joinFragments, splitNotice, type ToldText } from "./parts/told_text.ts";

/**
 * A reader of chat in TwitchDownloader's JSON, versions 1.0.0 to 1.4.0. What it does not have stays unknown: of a
 * message it gives id, author, badges, colour, emotes, bits, room and time. Subscriptions and the like are
 * recognised by Twitch's sentences, as that tool does. A deleted account leaves a message without an author.
 */
export class TwitchDownloaderReader implements FormatReader {
  readonly #elements = new JsonElements();
  #channel: string | undefined;

  /** @param channel the channel's login, where the file does not name it */
  constructor({ channel }: { readonly channel?: string | undefined }) {
    this.#channel = channel;
  }

  /** See {@link FormatReader}. */
  *push(text: string): Iterable<FoundEntry> {
    for (const { key, isInArray, text: json } of this.#elements.push(text)) {
      if (key === "comments" && isInArray) yield this.#comment(json);
      else if (key === "streamer" && json !== undefined) this.#readStreamer(json);
    }
  }

  /** See {@link FormatReader}. */
  *end(): Iterable<FoundEntry> {
    if (!this.#elements.isDone || this.#elements.isBroken) yield refused("the file ends too early");
  }

  #readStreamer(json: string): void {
    const streamer = parseObject(json);
    this.#channel ??= toLogin(textOf(streamer, "login")) ?? toLogin(textOf(streamer, "name"));
  }

  #comment(json: string | undefined): FoundEntry {
    if (json === undefined) return refused("entry too long or too deep");
    const comment = parseObject(json);
    if (comment === undefined) return refused("unreadable entry");
    const time = parseDateTime(textOf(comment, "created_at"));
    if (time === undefined) return refused("no time");
    const channel = this.#channel;
    if (channel === undefined) return refused("no channel: name it with --channel", time.startUs);
    const message = objectOf(comment, "message");
    const commenter = objectOf(comment, "commenter");
    const display = textOf(commenter, "display_name")?.trim();
    const told = tellText(message);
    if (told === undefined) return refused("no text", time.startUs);
    const noticeId = textOf(objectOf(message, "user_notice_params"), "msg_id");
    const notice = splitNotice(told.text, display ?? "");
    const isPlain = notice === undefined;
    const isHighlight = isPlain && noticeId === "highlighted-message";
    const login = toLogin(textOf(commenter, "name")) ?? toLogin(display) ?? null;
    return toFoundMessage({
      command: isPlain ? "PRIVMSG" : "USERNOTICE",
      channel,
      login,
      text: isPlain ? told.text : notice.userText,
      tags: [
        ["badges", tellBadges(listOf(message, "user_badges"))],
        ["bits", positive(textOf(message, "bits_spent"))],
        ["color", textOf(message, "user_color")],
        ["display-name", display],
        ["emotes", notice === undefined ? told.emotes : shiftEmotes(told, notice.userText)],
        ["id", idOf(comment)],
        ["login", isPlain ? undefined : login ?? undefined],
        ["msg-id", isHighlight ? noticeId : notice?.msgId],
        ["room-id", textOf(comment, "channel_id")],
        ["system-msg", notice?.systemText],
        ["user-id", textOf(commenter, "_id")],
      ],
      ...time,
    });
  }
}

/** Twitch's ids are random; one that was derived from a message stands for none. */
const DERIVED_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-/;

function idOf(comment: LooseObject): string | undefined {
  const id = textOf(comment, "_id");
  return id === undefined || DERIVED_ID.test(id) ? undefined : id;
}

/** The text and its emotes: from the fragments if they hold all of it, else from the body. */
function tellText(message: LooseObject | undefined): ToldText | undefined {
  const body = textOf(message, "body");
  const joined = joinFragments(listOf(message, "fragments"));
  if (body === undefined) return joined.text === "" ? undefined : joined;
  return joined.text === body ? joined : { text: body, emotes: undefined };
}

/** The emotes of the user's own text, which stands at the end of the body. */
function shiftEmotes(told: ToldText, userText: string | undefined): string | undefined {
  if (told.emotes === undefined || userText === undefined) return undefined;
  const shift = [...told.text].length - [...userText].length;
  const places = new Map<string, string[]>();
  for (const part of told.emotes.split("/")) {
    const [id = "", list = ""] = part.split(":");
    const shifted = list.split(",").map((place) => place.split("-").map((at) => Number(at) - shift))
      .filter(([from]) => from! >= 0).map((ends) => ends.join("-"));
    if (shifted.length > 0) places.set(id, shifted);
  }
  return formatEmotes(places);
}

function tellBadges(badges: readonly unknown[]): string | undefined {
  const parts = badges.flatMap((each) => {
    const badge = toObject(each);
    const set = textOf(badge, "_id");
    const version = fieldOf(badge, "version");
    return set === undefined || (typeof version !== "string" && typeof version !== "number")
      ? []
      : [`${set}/${version}`];
  });
  return parts.length === 0 ? undefined : parts.join(",");
}

function positive(amount: string | undefined): string | undefined {
  return amount !== undefined && /^[1-9]\d{0,9}$/.test(amount) ? amount : undefined;
}
