import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryOrders } from "../../../../src/adapters/memory/memory_notes.ts";
import { ChatloomError } from "../../../../src/core/errors/errors.ts";
import { acceptOrders, heldOrders } from "../../../../src/engine/sync/orders/decide_orders.ts";
import { formatHeld } from "../../../../src/engine/sync/orders/order_book.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  redactionFile,
  storeWith,
} from "../../../simulation/settle/settle_world.ts";

/** A store with the messages 1 and 2, and orders about the first that are held. */
async function world(kind: "redaction" | "tombstone") {
  const files = [1, 2].map((content) =>
    filesOf([{
      content,
      isExact: true,
      receiver: 0,
      receivedS: 1,
      startS: content * 70,
      lengthS: 0,
    }])
  );
  const store = await storeWith(files.flatMap((each) => [...each]));
  const [[batch = ""] = []] = files[0]!;
  const [redaction, bytes] = await redactionFile("1");
  const key = kind === "redaction" ? redaction : batch.replace(".json", ".tombstone");
  const text = kind === "redaction" ? new TextDecoder().decode(bytes) : "";
  const notes = memoryOrders();
  await notes.append(CHANNEL, formatHeld({ key, peer: "p", text }));
  const accept = async (signal?: AbortSignal) => {
    const orders = await heldOrders(CHANNEL, notes);
    return await acceptOrders(CHANNEL, orders, {
      store,
      hasher,
      reporter: noopReporter,
      notes,
      signal,
    });
  };
  const held = async (): Promise<number> => (await heldOrders(CHANNEL, notes)).length;
  return { store, accept, held, key, batch };
}

test("acceptOrders puts a redaction in force, deletes what it names, and holds it no longer", async () => {
  const { store, accept, held, key, batch } = await world("redaction");
  assert.deepEqual(await accept(), { failed: 0 });
  assert.ok(await store.get(key));
  assert.equal(await store.get(batch), undefined);
  assert.equal(await held(), 0);
});

test("acceptOrders stores tombstones as they are, which hide from then on", async () => {
  const { store, accept, held, key } = await world("tombstone");
  assert.deepEqual(await accept(), { failed: 0 });
  assert.deepEqual(await store.get(key), new Uint8Array());
  assert.equal(await held(), 0);
});

test("acceptOrders holds an order until what it names is deleted", async () => {
  const { store, accept, held, key, batch } = await world("redaction");
  const remove = store.delete.bind(store);
  store.delete = () => Promise.reject(new ChatloomError("STORE_DENIED", "Cannot delete"));
  const { failed } = await accept();
  assert.ok(failed > 0);
  assert.ok(await store.get(key), "it is in force for readers");
  assert.equal(await held(), 1);
  store.delete = remove;
  assert.deepEqual(await accept(), { failed: 0 });
  assert.equal(await store.get(batch), undefined);
  assert.equal(await held(), 0);
});

test("acceptOrders puts nothing in force once its caller has given up", async () => {
  const { store, accept, held, key } = await world("redaction");
  await assert.rejects(accept(AbortSignal.abort(new Error("enough"))), /enough/);
  assert.equal(await store.get(key), undefined);
  assert.equal(await held(), 1);
});
