import type { PeerEvent } from "../../ports/peer.ts";

/** The longest event, in characters: a message takes at most 64 KiB as it came, and more escaped. */
const EVENT_MAX_LENGTH = 1024 * 1024;

/**
 * The events of a stream, as far as clients of a feed need them: `id`, `event` and `data`; an event without
 * data comes too, for its id. Comments come as events without anything: they show that the stream lives.
 *
 * @throws {RangeError} when one is too long.
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html | Server-sent events}
 */
export async function* serverSentEvents(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<PeerEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let event = newEvent();
  let length = 0;
  for await (const piece of pieces) {
    text += decoder.decode(piece, { stream: true });
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    text = lines.pop()!;
    for (const line of lines) {
      length += line.length;
      if (length > EVENT_MAX_LENGTH) throw new RangeError("an event is too long");
      if (line !== "") {
        take(event, line);
        continue;
      }
      yield { id: event.id, name: event.name, data: event.data?.join("\n") };
      event = newEvent();
      length = 0;
    }
    if (length + text.length > EVENT_MAX_LENGTH) throw new RangeError("an event is too long");
  }
}

interface DraftEvent {
  id: string | undefined;
  name: string;
  data: string[] | undefined;
}

function newEvent(): DraftEvent {
  return { id: undefined, name: "message", data: undefined };
}

function take(event: DraftEvent, line: string): void {
  const colon = line.indexOf(":");
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "id") event.id = value;
  if (field === "event") event.name = value;
  if (field === "data") (event.data ??= []).push(value);
}
