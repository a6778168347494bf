import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyTimeout } from "../../../src/adapters/http_peer/body_timeout.ts";

const TIMES = { answerMs: 60_000, pieceMs: 20, graceMs: 60_000, bytesPerSecondMin: 0 };

/** A response whose body gives one chunk and then stays pending, whatever is aborted. */
function stuckResponse(): Response {
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (!isFirst) return new Promise(() => {});
      isFirst = false;
      controller.enqueue(new Uint8Array([1]));
      return undefined;
    },
  });
  return new Response(body);
}

test("BodyTimeout gives up a body that stays pending also when it is aborted", async () => {
  const timeout = new BodyTimeout(TIMES, { peer: "http://peer", signal: undefined });
  const pieces = timeout.pieces(stuckResponse(), 100);
  assert.equal((await pieces.next()).value?.length, 1);
  await assert.rejects(pieces.next(), { code: "CONNECTION_LOST", message: /it fell silent/ });
});

test("BodyTimeout ends with its caller, though the body stays pending", async () => {
  const caller = new AbortController();
  const times = { ...TIMES, pieceMs: 60_000 };
  const timeout = new BodyTimeout(times, { peer: "http://peer", signal: caller.signal });
  const pieces = timeout.pieces(stuckResponse(), 100);
  await pieces.next();
  const next = pieces.next();
  const reason = new Error("enough");
  caller.abort(reason);
  await assert.rejects(next, reason);
  const never = new BodyTimeout(times, { peer: "http://peer", signal: caller.signal });
  await assert.rejects(never.answer(new Promise(() => {})), reason);
});
