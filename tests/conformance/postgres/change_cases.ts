import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveChange } from "../../../src/ports/archive/archive_changes.ts";
import { keyAt } from "./keys.ts";
import { openArchives, type PostgresWorld } from "./postgres_world.ts";

/** What processes on one archive tell each other. */
export function changeCases(world: PostgresWorld): void {
  test("changes of another process are told at once, and that some may be missing after a crash", async () => {
    const { open, sql, close } = openArchives(world);
    const stop = new AbortController();
    const told: ArchiveChange[] = [];
    let wake = () => {};
    const until = async (isTrue: () => boolean) => {
      const late = AbortSignal.timeout(20_000);
      while (!isTrue()) {
        late.throwIfAborted();
        await new Promise<void>((resolve) => {
          wake = resolve;
          late.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    };
    const kinds = () => told.map(({ kind }) => kind);
    try {
      const [one, other] = [await open(), await open()];
      const following = one.changes.follow((change) => {
        told.push(change);
        wake();
      }, stop.signal);
      await until(() => told.length === 1);
      const keys = Array.from({ length: 120 }, (_, at) => keyAt(at)).sort();
      await Promise.all(keys.map((key) => other.store.put(key, new Uint8Array([1]))));
      await until(() => told.length === 121);
      await other.store.put(keys[0]!, new Uint8Array([1])); // Already there: no change.
      await sql("select pg_notify($1, '+no key')", [one.address.schema]);
      await other.store.delete(keys[0]!);
      await other.lock.hold("forsen", () => other.store.delete(keys[1]!));
      await until(() => told.length === 123);
      const stored = told.slice(1, 121).map((change) => change.kind === "missed" ? "" : change.key);
      assert.deepEqual([...stored].sort(), keys);
      assert.deepEqual(told.slice(121), [
        { kind: "deleted", key: keys[0] },
        { kind: "deleted", key: keys[1] },
      ]);
      await world.server.kill();
      await world.server.start();
      await until(() => told.length === 124);
      assert.deepEqual(kinds().filter((kind) => kind === "missed"), ["missed", "missed"]);
      await other.store.put(keys[0]!, new Uint8Array([1]));
      await until(() => told.length === 125);
      stop.abort();
      await following;
    } finally {
      stop.abort();
      await close();
    }
  });

  test("lines that one process sends come to all others, also to those that begin later", async () => {
    const { open, sql, close } = openArchives(world);
    const stop = new AbortController();
    // A line may come twice.
    const heard = [0, 1, 2].map(() => new Set<string>());
    let wake = () => {};
    const until = async (isTrue: () => boolean) => {
      const late = AbortSignal.timeout(20_000);
      while (!isTrue()) {
        late.throwIfAborted();
        await new Promise<void>((resolve) => {
          wake = resolve;
          late.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    };
    try {
      const [sender, ...readers] = [await open(), await open(), await open()];
      const follow = (at: number, archive = readers[at - 1] ?? sender!) =>
        archive.liveLines.follow((_, line) => {
          heard[at]!.add(line);
          wake();
        }, stop.signal);
      const following = [follow(0), follow(1)];
      await sender!.liveLines.send(["one", "two"]);
      await until(() => heard[1]!.size === 2);
      following.push(follow(2));
      await until(() => heard[2]!.size === 2);
      await sql("update $S.live_line set made_at = made_at - interval '1 hour'");
      await sender!.liveLines.send(["three"]);
      await until(() => heard[1]!.size === 3 && heard[2]!.size === 3);
      const all = ["one", "two", "three"];
      assert.deepEqual(heard.map((lines) => [...lines]), [[], all, all]);
      assert.equal((await sql("select from $S.live_line")).length, 1, "old rows stay");
      await world.server.kill();
      await world.server.start();
      await sender!.liveLines.send(["four"]);
      await until(() => heard[1]!.has("four") && heard[2]!.has("four"));
      stop.abort();
      await Promise.all(following);
    } finally {
      stop.abort();
      await close();
    }
  });
}
