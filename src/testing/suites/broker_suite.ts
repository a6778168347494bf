import assert from "node:assert/strict";
import type {
  Broker,
  BrokerLink,
  BrokerMessage,
  BrokerTopology,
  ConnectOptions,
  Delivery,
  Publication,
  QueueDeclaration,
  QueueState,
} from "../../ports/remote/broker.ts";
import { assertRejectsWith, someBytes, type TestFunction } from "./suite.ts";

/** A broker that is being tested. */
export interface OpenBroker {
  /** The broker, which may have queues of other tests. */
  readonly broker: Broker;
  /** What the names of the test's exchanges and queues begin with: no other test has used it. */
  readonly prefix: string;
  /** Breaks all links as a broker that restarts does, and takes new ones. Left out where it cannot be had. */
  restart?(): void | Promise<void>;
  /** Stops and starts taking messages, as a broker without room does. Left out where it cannot be had. */
  block?(isBlocked: boolean): void | Promise<void>;
  /** Removes all that was made for the test. */
  close?(): void | Promise<void>;
}

/** What {@link brokerSuite} needs. */
export interface BrokerSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** What the queues of the tests are. */
  readonly queueKind: QueueDeclaration["kind"];
  /** Opens a broker for each test; it may be the same one. */
  open(): OpenBroker | Promise<OpenBroker>;
}

/** What a test works with. */
interface World extends OpenBroker {
  readonly names: { readonly exchange: string; readonly queue: string; readonly dead: string };
  readonly topology: BrokerTopology;
  /** Makes a link, which is closed after the test. */
  link(options?: ConnectOptions): Promise<BrokerLink>;
}

type Check = (name: string, body: (world: World) => Promise<void>) => unknown;

/** Checks that a {@link Broker} keeps every promise of its port. */
export function brokerSuite({ test, queueKind, open }: BrokerSuiteOptions): void {
  const check: Check = (name, body) =>
    test(`Broker (${queueKind}) ${name}`, async () => {
      const opened = await open();
      const links: BrokerLink[] = [];
      const link = async (options?: ConnectOptions) => {
        const made = await opened.broker.connect(options);
        links.push(made);
        return made;
      };
      const { prefix } = opened;
      const names = { exchange: `${prefix}.in`, queue: `${prefix}.work`, dead: `${prefix}.dead` };
      const topology = topologyOf(names, queueKind);
      try {
        await body({ ...opened, names, topology, link });
      } finally {
        for (const each of links) await each.close();
        const cleaner = await opened.broker.connect();
        for (const queue of [names.queue, names.dead]) await cleaner.deleteQueue(queue);
        await cleaner.close();
        await opened.close?.();
      }
    });
  checkPublishing(check);
  checkConsuming(check);
  checkAnswers(check);
  checkDeadLetters(check, queueKind);
  checkReplies(check);
  checkEnds(check);
}

function topologyOf(
  { exchange, queue, dead }: World["names"],
  kind: QueueDeclaration["kind"],
): BrokerTopology {
  return {
    exchanges: [{ name: exchange, kind: "direct" }, { name: dead, kind: "fanout" }],
    queues: [
      {
        name: queue,
        kind,
        bindings: [{ exchange, routingKey: "7" }],
        hasSingleConsumer: true,
        deadLetterExchange: dead,
        deliveryLimit: kind === "quorum" ? 2 : undefined,
        maxBytes: 4_000_000,
      },
      { name: dead, kind, bindings: [{ exchange: dead, routingKey: "" }] },
    ],
  };
}

function messageOf(names: World["names"], n: number, more: Partial<Publication> = {}): Publication {
  const headers = new Map<string, string | number>([["n", n]]);
  return { exchange: names.exchange, routingKey: "7", body: someBytes(20, n), headers, ...more };
}

const numberOf = ({ headers }: BrokerMessage) => headers.get("n");

/** Collects what comes; a test waits for its number. */
class Inbox<T extends BrokerMessage> {
  readonly all: T[] = [];
  #wake: (() => void) | undefined;

  readonly add = (message: T): void => {
    this.all.push(message);
    this.#wake?.();
  };

  get numbers() {
    return this.all.map(numberOf);
  }

  async until(count: number): Promise<void> {
    while (this.all.length < count) await new Promise<void>((resolve) => this.#wake = resolve);
  }
}

/** Publishes messages one after another; all must be confirmed. */
async function publishAll(link: BrokerLink, messages: readonly Publication[]): Promise<void> {
  const outcomes = await Promise.all(messages.map((message) => link.publish(message)));
  assert.deepEqual(outcomes, messages.map(() => "confirmed"));
}

const range = (length: number, from = 0) => Array.from({ length }, (_, i) => from + i);

/** What came, by number, and whether it may have come before: some brokers keep no order there. */
function flagged({ all }: Inbox<Delivery>) {
  return all.map((each) => [numberOf(each), each.isRedelivered] as const)
    .sort(([left], [right]) => Number(left) - Number(right));
}

function checkPublishing(check: Check): void {
  check(
    "delivers what was published, byte by byte, in order",
    async ({ link, names, topology }) => {
      const [sender, receiver] = [await link(), await link()];
      await sender.declare(topology);
      const inbox = new Inbox<Delivery>();
      await receiver.consume(names.queue, { prefetch: 10, onDelivery: inbox.add });
      const properties = {
        messageId: "m",
        correlationId: "c.1",
        contentEncoding: "gzip",
        appId: "a",
      };
      const headers = new Map<string, string | number>([["n", 0], ["key", "forsen/chat/é"]]);
      const body = someBytes(300_000);
      await publishAll(sender, [
        messageOf(names, 0, { ...properties, headers, body }),
        messageOf(names, 1, { body: new Uint8Array(0) }),
        messageOf(names, 2, { body: someBytes(50).subarray(10, 20) }),
      ]);
      await inbox.until(3);
      const [first, second, third] = inbox.all;
      assert.deepEqual([...first!.headers].sort(), [...headers].sort());
      const { messageId, correlationId, contentEncoding, appId } = first!;
      assert.deepEqual({ messageId, correlationId, contentEncoding, appId }, properties);
      assert.deepEqual([first!.exchange, first!.routingKey], [names.exchange, "7"]);
      assert.equal(first!.isRedelivered, false);
      assert.equal(first!.death, undefined);
      assert.equal(first!.replyTo, undefined);
      assert.deepEqual([...first!.body], [...body]);
      assert.equal(second!.body.length, 0);
      assert.deepEqual([...third!.body], [...someBytes(50).subarray(10, 20)]);
    },
  );

  check("returns what belongs in no queue", async ({ link, names, topology }) => {
    const sender = await link();
    await sender.declare(topology);
    const outcomes = await Promise.all([
      sender.publish(messageOf(names, 1)),
      sender.publish(messageOf(names, 2, { routingKey: "8" })),
      sender.publish(messageOf(names, 3)),
      sender.publish(messageOf(names, 4, { exchange: "", routingKey: `${names.queue}.none` })),
    ]);
    assert.deepEqual(outcomes, ["confirmed", "returned", "confirmed", "returned"]);
    await untilCounted(sender, names.queue, { readyCount: 2 });
  });

  check(
    "refuses what a full queue has no room for, and goes on",
    async ({ link, names, topology }) => {
      const sender = await link();
      await sender.declare(topology);
      const body = someBytes(1_000_000);
      let confirmedCount = 0;
      for (const n of range(12)) {
        const outcome = await sender.publish(messageOf(names, n, { body }));
        if (outcome === "confirmed") confirmedCount++;
        else assert.equal(outcome, "refused");
      }
      assert.ok(confirmedCount >= 3 && confirmedCount <= 6, `${confirmedCount} confirmed`);
      const inbox = new Inbox<Delivery>();
      await sender.consume(names.queue, { prefetch: 50, onDelivery: inbox.add });
      await inbox.until(confirmedCount);
      for (const delivery of inbox.all) delivery.acknowledge();
      while (
        await sender.publish(messageOf(names, 99)) === "refused"
      ) { /* Acknowledged in a moment. */ }
      await inbox.until(confirmedCount + 1);
      assert.equal(inbox.numbers.at(-1), 99);
    },
  );

  check("holds what is published while it is blocked", async ({ link, names, topology, block }) => {
    if (block === undefined) return;
    const told: boolean[] = [];
    let tell = () => {};
    const hears = (count: number) =>
      new Promise<void>((resolve) => {
        tell = () => void (told.length >= count && resolve());
        tell();
      });
    const sender = await link({
      onBlocked: (isBlocked) => {
        told.push(isBlocked);
        tell();
      },
    });
    await sender.declare(topology);
    await block(true);
    const first = sender.publish(messageOf(names, 1)); // Some say that they are blocked only now.
    await hears(1);
    await block(false);
    assert.equal(await first, "confirmed");
    await hears(2);
    assert.deepEqual(told, [true, false]);
  });

  check("declares again what is there, and refuses another of that name", async (world) => {
    const { link, names, topology } = world;
    const sender = await link();
    await sender.declare(topology);
    await publishAll(sender, [messageOf(names, 1)]);
    await sender.declare(topology);
    const queues = topology.queues.map((queue) => ({ ...queue, maxBytes: 5_000_000 }));
    await assert.rejects(sender.declare({ ...topology, queues }), {
      name: "ChatloomError",
      code: "STORE_REFUSED",
    });
    const again = sender.lost.aborted ? await link() : sender;
    await again.declare(topology);
    await untilCounted(again, names.queue, { readyCount: 1 });
  });
}

function checkConsuming(check: Check): void {
  check("delivers no more than the prefetch until it is answered", async (world) => {
    const { link, names, topology } = world;
    const [sender, receiver] = [await link(), await link()];
    await sender.declare(topology);
    await publishAll(sender, range(6).map((n) => messageOf(names, n)));
    const inbox = new Inbox<Delivery>();
    await receiver.consume(names.queue, { prefetch: 2, onDelivery: inbox.add });
    await inbox.until(2);
    await untilCounted(sender, names.queue, { readyCount: 4, consumerCount: 1 });
    assert.deepEqual(inbox.numbers, [0, 1]);
    inbox.all[1]!.acknowledge();
    await inbox.until(3);
    inbox.all[0]!.acknowledge();
    inbox.all[0]!.acknowledge(); // Twice is as once.
    inbox.all[2]!.acknowledge();
    await inbox.until(5);
    assert.deepEqual(inbox.numbers, [0, 1, 2, 3, 4]);
  });

  check("gives all to one consumer, and to the next when that has gone", async (world) => {
    const { link, names, topology } = world;
    const [sender, one, two] = [await link(), await link(), await link()];
    await sender.declare(topology);
    const inboxes = [new Inbox<Delivery>(), new Inbox<Delivery>()];
    const consumer = await one.consume(names.queue, { prefetch: 9, onDelivery: inboxes[0]!.add });
    await two.consume(names.queue, { prefetch: 9, onDelivery: inboxes[1]!.add });
    await publishAll(sender, range(4).map((n) => messageOf(names, n)));
    await inboxes[0]!.until(4);
    inboxes[0]!.all[0]!.acknowledge();
    await consumer.cancel();
    await consumer.cancel();
    await publishAll(sender, range(2, 4).map((n) => messageOf(names, n)));
    await inboxes[1]!.until(2);
    assert.deepEqual(inboxes[1]!.numbers, [4, 5], "what was delivered can still be answered");
    inboxes[0]!.all[1]!.acknowledge();
    await consumer.close();
    await inboxes[1]!.until(4);
    assert.deepEqual(flagged(inboxes[1]!), [[2, true], [3, true], [4, false], [5, false]]);
    assert.equal(inboxes[0]!.all.length, 4);
  });

  check("delivers again what a lost consumer held, flagged", async ({ link, names, topology }) => {
    const [sender, one, two] = [await link(), await link(), await link()];
    await sender.declare(topology);
    await publishAll(sender, range(5).map((n) => messageOf(names, n)));
    const inboxes = [new Inbox<Delivery>(), new Inbox<Delivery>()];
    await one.consume(names.queue, { prefetch: 3, onDelivery: inboxes[0]!.add });
    await two.consume(names.queue, { prefetch: 9, onDelivery: inboxes[1]!.add });
    await inboxes[0]!.until(3);
    await one.close();
    assert.equal(one.lost.aborted, true);
    inboxes[0]!.all[0]!.acknowledge(); // Too late: it does nothing.
    await inboxes[1]!.until(5);
    const flags = [[0, true], [1, true], [2, true], [3, false], [4, false]];
    assert.deepEqual(flagged(inboxes[1]!), flags);
  });

  check("tells a consumer that its queue is gone", async ({ link, names, topology }) => {
    const [sender, receiver] = [await link(), await link()];
    await sender.declare(topology);
    await new Promise<void>((resolve, reject) => {
      receiver.consume(names.queue, { prefetch: 1, onDelivery: () => {}, onCancelled: resolve })
        .then(() => sender.deleteQueue(names.queue)).catch(reject);
    });
    await sender.deleteQueue(names.queue);
    assert.equal(await sender.inspect(names.queue), undefined);
  });

  check("consumes no queue that is not there", async ({ link, names }) => {
    const receiver = await link();
    const options = { prefetch: 1, onDelivery: () => {} };
    const refusal = { name: "ChatloomError", code: "STORE_REFUSED" };
    await assert.rejects(receiver.consume(`${names.queue}.none`, options), refusal);
    const again = await link();
    await assert.rejects(again.take(`${names.queue}.none`), refusal);
    assert.equal(await again.inspect(`${names.queue}.none`), undefined);
  });
}

function checkAnswers(check: Check): void {
  check("delivers what is given back again, first and flagged", async (world) => {
    const { link, names, topology } = world;
    const receiver = await link();
    await receiver.declare(topology);
    await publishAll(receiver, range(3).map((n) => messageOf(names, n)));
    const inbox = new Inbox<Delivery>();
    await receiver.consume(names.queue, { prefetch: 1, onDelivery: inbox.add });
    await inbox.until(1);
    inbox.all[0]!.giveBack();
    await inbox.until(2);
    inbox.all[1]!.acknowledge();
    await inbox.until(3);
    assert.deepEqual(inbox.numbers, [0, 0, 1]);
    assert.deepEqual(inbox.all.map(({ isRedelivered }) => isRedelivered), [false, true, false]);
  });

  check("takes one message at a time", async ({ link, names, topology }) => {
    const taker = await link();
    await taker.declare(topology);
    assert.equal(await taker.take(names.dead), undefined);
    await publishAll(taker, [1, 2].map((n) => messageOf(names, n, { exchange: names.dead })));
    const first = (await taker.take(names.dead))!;
    const second = (await taker.take(names.dead))!;
    assert.deepEqual([first, second].map(numberOf), [1, 2]);
    assert.equal(await taker.take(names.dead), undefined);
    second.acknowledge();
    first.giveBack();
    const again = await taker.take(names.dead);
    assert.equal(numberOf(again!), 1);
    await taker.close(); // Gives it back.
    const other = await link();
    const last = await other.take(names.dead);
    assert.equal(numberOf(last!), 1);
    assert.equal(last!.isRedelivered, true);
    last!.acknowledge();
    assert.equal(await other.take(names.dead), undefined);
  });
}

function checkDeadLetters(check: Check, queueKind: QueueDeclaration["kind"]): void {
  check("moves what is rejected to the dead letters", async ({ link, names, topology }) => {
    const receiver = await link();
    await receiver.declare(topology);
    await publishAll(receiver, [messageOf(names, 1), messageOf(names, 2)]);
    const alive = new Inbox<Delivery>();
    const onDelivery = (delivery: Delivery) => {
      if (numberOf(delivery) === 1) delivery.reject();
      else alive.add(delivery);
    };
    await receiver.consume(names.queue, { prefetch: 1, onDelivery });
    const inbox = new Inbox<Delivery>();
    await receiver.consume(names.dead, { prefetch: 5, onDelivery: inbox.add });
    await Promise.all([inbox.until(1), alive.until(1)]);
    const [dead] = inbox.all;
    assert.equal(numberOf(dead!), 1);
    assert.deepEqual([...dead!.body], [...someBytes(20, 1)]);
    const { queue, exchange } = names;
    assert.deepEqual(dead!.death, { queue, reason: "rejected", exchange, routingKey: "7" });
    assert.deepEqual(alive.numbers, [2]);
    assert.equal(inbox.all.length, 1);
  });

  if (queueKind !== "quorum") return;
  check("moves what fails too often to the dead letters", async ({ link, names, topology }) => {
    const receiver = await link();
    await receiver.declare(topology);
    await publishAll(receiver, [messageOf(names, 1)]);
    const inbox = new Inbox<Delivery>();
    const onDelivery = (delivery: Delivery) => {
      inbox.add(delivery);
      delivery.giveBack();
    };
    const dead = new Inbox<Delivery>();
    await receiver.consume(names.dead, { prefetch: 5, onDelivery: dead.add });
    await receiver.consume(names.queue, { prefetch: 5, onDelivery });
    await dead.until(1);
    assert.equal(numberOf(dead.all[0]!), 1);
    assert.equal(dead.all[0]!.death!.reason, "delivery_limit");
    assert.deepEqual(inbox.all.map(({ failedCount }) => failedCount), [0, 1, 2]);
  });
}

function checkReplies(check: Check): void {
  check("brings a reply to the link that asked, and to no other", async (world) => {
    const { link, names, topology } = world;
    const replies = [new Inbox(), new Inbox()];
    const [one, two] = [
      await link({ onReply: replies[0]!.add }),
      await link({ onReply: replies[1]!.add }),
    ];
    const worker = await link();
    await worker.declare(topology);
    const onDelivery = (delivery: Delivery) => {
      const { replyTo = "", correlationId, headers } = delivery;
      void worker.publish({
        exchange: "",
        routingKey: replyTo,
        correlationId,
        headers: new Map([...headers, ["status", "stored"]]),
        body: new Uint8Array(0),
      });
      delivery.acknowledge();
    };
    await worker.consume(names.queue, { prefetch: 5, onDelivery });
    await publishAll(one, [messageOf(names, 1, { wantsReply: true, correlationId: "a" })]);
    await publishAll(two, [messageOf(names, 2, { wantsReply: true, correlationId: "b" })]);
    await Promise.all(replies.map((inbox) => inbox.until(1)));
    assert.deepEqual(replies.map(({ numbers }) => numbers), [[1], [2]]);
    assert.deepEqual(replies.map(({ all: [reply] }) => reply!.correlationId), ["a", "b"]);
    assert.equal(replies[0]!.all[0]!.headers.get("status"), "stored");
  });

  check("drops a reply to a link that has gone", async ({ link, names, topology }) => {
    const asker = await link({ onReply: () => {} });
    await asker.declare(topology);
    await publishAll(asker, [messageOf(names, 1, { wantsReply: true })]);
    const worker = await link();
    const inbox = new Inbox<Delivery>();
    await worker.consume(names.queue, { prefetch: 1, onDelivery: inbox.add });
    await inbox.until(1);
    const { replyTo } = inbox.all[0]!;
    await asker.close();
    const reply = { exchange: "", routingKey: replyTo!, headers: new Map(), body: someBytes(1) };
    await worker.publish(reply);
    assert.equal(await worker.publish(messageOf(names, 2)), "confirmed", "the link still works");
  });
}

function checkEnds(check: Check): void {
  check("rejects with the reason of a signal that has aborted", async ({ broker }) => {
    const reason = new Error("enough");
    await assertRejectsWith(broker.connect({ signal: AbortSignal.abort(reason) }), reason);
  });

  check("refuses all calls on a link that was closed", async ({ link, names, topology }) => {
    const closed = await link();
    await closed.declare(topology);
    assert.equal(closed.lost.aborted, false);
    await closed.close();
    await closed.close();
    assert.equal(closed.lost.aborted, true);
    const gone = { name: "ChatloomError", code: "STORE_UNREACHABLE" };
    await assert.rejects(closed.publish(messageOf(names, 1)), gone);
    await assert.rejects(closed.declare(topology), gone);
    await assert.rejects(closed.consume(names.queue, { prefetch: 1, onDelivery() {} }), gone);
    await assert.rejects(closed.take(names.queue), gone);
    await assert.rejects(closed.inspect(names.queue), gone);
    await assert.rejects(closed.deleteQueue(names.queue), gone);
  });

  check("keeps what it confirmed when it restarts, and delivers it again", async (world) => {
    const { link, names, topology, restart } = world;
    if (restart === undefined) return;
    const [sender, receiver] = [await link(), await link()];
    await sender.declare(topology);
    await publishAll(sender, range(5).map((n) => messageOf(names, n)));
    const inbox = new Inbox<Delivery>();
    await receiver.consume(names.queue, { prefetch: 2, onDelivery: inbox.add });
    await inbox.until(2);
    const lost = [sender, receiver].map((each) => untilLost(each.lost));
    await restart();
    await Promise.all(lost);
    for (const { lost: { reason } } of [sender, receiver]) {
      assert.equal(reason.name, "ChatloomError");
      assert.equal(reason.code, "STORE_UNREACHABLE");
    }
    const again = await link();
    await again.declare(topology);
    const second = new Inbox<Delivery>();
    await again.consume(names.queue, { prefetch: 9, onDelivery: second.add });
    await second.until(5);
    assert.deepEqual(second.numbers, range(5));
  });
}

/** Resolves when the broker has counted so: it may be late. Each question is a round trip. */
async function untilCounted(
  link: BrokerLink,
  queue: string,
  wanted: Partial<QueueState>,
): Promise<void> {
  const endMs = Date.now() + 15_000;
  for (;;) {
    const state = (await link.inspect(queue))!;
    const found = { ...state, ...wanted };
    if (found.readyCount === state.readyCount && found.consumerCount === state.consumerCount) {
      return;
    }
    if (Date.now() > endMs) assert.deepEqual(state, found);
  }
}

function untilLost(lost: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (lost.aborted) resolve();
    else lost.addEventListener("abort", () => resolve(), { once: true });
  });
}
