import { httpPeer } from "../../adapters/http_peer/http_peer.ts";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { PeerEvent } from "../../ports/peer.ts";
import type { VerbContext } from "../frame/context.ts";

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/**
 * Yields the events of a node's feed until the context's signal aborts. A connection that breaks is opened
 * again, and the feed goes on behind the last event.
 *
 * @throws {ChatloomError} when the first connection fails; `PEER_REFUSED` when the node has no feed or
 * answers with something else.
 * @throws {RangeError} when `url` is no address of a node.
 */
export async function* followNode(
  url: string,
  { query, token }: { readonly query: URLSearchParams; readonly token?: string | undefined },
  { reporter, signal }: Pick<VerbContext, "reporter" | "signal">,
): AsyncGenerator<PeerEvent, void, undefined> {
  const peer = httpPeer(url, { token });
  const clock = systemClock();
  let after: string | undefined;
  let isFirst = true;
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      const events = await peer.live!({ query, after, signal });
      if (events === undefined) {
        throw new ChatloomError("PEER_REFUSED", `Cannot follow "${peer.name}": it has no feed`);
      }
      isFirst = false;
      for await (const event of events) {
        tries = 0;
        after = event.id ?? after;
        yield event;
      }
      reporter.report("info", "The feed ended, connecting again", { node: peer.name });
    } catch (error) {
      if (signal.aborted) return;
      const isLost = error instanceof ChatloomError && error.code === "CONNECTION_LOST";
      if (isFirst || !isLost) throw error;
      reporter.report("warning", "The feed broke off, connecting again", {
        node: peer.name,
        error: error.message,
      });
    }
    const delayMs = Math.min(RETRY_MIN_MS * 2 ** tries, RETRY_MAX_MS);
    await clock.sleep(delayMs, signal).catch(() => {}); // Aborted: the loop ends.
  }
}
