// eventsource-parser: the line and field rules of server-sent events, for any runtime and without dependencies.
// `EventSource` itself sends no token and is not in Node.
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ChatloomError } from "../../core/errors/errors.ts";

/** One server-sent event. */
export interface StreamEvent {
  /** Its name; `""` for a plain message. */
  readonly event: string;
  /** Its id, or that of the last event that had one; `""` before the first. */
  readonly id: string;
  /** Its data: lines joined by line feeds. */
  readonly data: string;
}

/** An event of chat is a line of at most a few kilobytes: a sender of more is broken, or hostile. */
const EVENT_MAX_LENGTH = 4 * 1024 * 1024;

/**
 * Reads the events of a body of type `text/event-stream`, in order, those of a chunk together. The caller aborts
 * the request to end it.
 *
 * @throws {ChatloomError} `PEER_REFUSED` when an event is over 4 MiB long.
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html | HTML, server-sent events}
 */
export async function* readEventStream(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly StreamEvent[], void, undefined> {
  const found: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void found.push(event) });
  const decoder = new TextDecoder();
  let [id, unreadLength] = ["", 0];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    parser.feed(text);
    unreadLength = found.length > 0 ? text.length : unreadLength + text.length;
    if (unreadLength > EVENT_MAX_LENGTH) {
      throw new ChatloomError("PEER_REFUSED", "Cannot follow the feed: an event is too long");
    }
    if (found.length === 0) continue;
    yield found.splice(0).map(({ event = "", id: own, data }) => ({
      event,
      id: id = own ?? id,
      data,
    }));
  }
}
