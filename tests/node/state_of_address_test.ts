import assert from "node:assert/strict";
import { mkdirSync, readdirSync, realpathSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { StateOfAddress } from "../../src/node/wiring/parts/state_of_address.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";

const [ID, OTHER] = [
  "79b97b51-a2a6-4c3d-a9a4-41bad58ed5dc",
  "3c7b62ea-a200-42e6-a7e4-b8c06bda44bb",
];

/** Addresses on one machine whose users keep their state in a folder of its own. */
async function onMachine(
  body: (options: {
    readonly at: (shown: string) => StateOfAddress;
    readonly told: readonly string[];
    remember(state: StateOfAddress, id: string): Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const folder = tempFolder();
  const before = process.env["XDG_STATE_HOME"];
  process.env["XDG_STATE_HOME"] = folder.path;
  const told: string[] = [];
  const reporter = {
    report: (severity: string, message: string) => void told.push(`${severity}: ${message}`),
    count: () => {},
  };
  try {
    await body({
      at: (shown) => new StateOfAddress({ shown }),
      told,
      remember: (state, id) => state.remember(id, reporter),
    });
  } finally {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
    folder.close();
  }
}

test("an address leads to the folder of the archive that it reached last", () =>
  onMachine(async ({ at, remember, told }) => {
    const [one, other] = [at("postgres://a/chat"), at("postgres://b/chat")];
    assert.deepEqual([await one.id(), await other.id()], [undefined, undefined]);
    assert.notEqual(one.folder(undefined), other.folder(undefined));
    await remember(one, ID);
    await remember(other, ID);
    await remember(one, ID);
    assert.deepEqual([await one.id(), await other.id()], [ID, ID]);
    mkdirSync(one.folder(ID));
    assert.equal(realpathSync(one.folder(undefined)), realpathSync(other.folder(undefined)));
    await remember(one, OTHER); // Another archive has its place.
    assert.deepEqual([await one.id(), await other.id()], [OTHER, ID]);
    assert.deepEqual(told, []);
  }));

test("what was kept before an address first answered is found under the archive's id", () =>
  onMachine(async ({ at, remember, told }) => {
    const [one, other] = [at("postgres://a/chat"), at("postgres://b/chat")];
    mkdirSync(`${one.folder(undefined)}/.chatloom`, { recursive: true });
    await remember(one, ID);
    assert.equal(await one.id(), undefined);
    assert.deepEqual(readdirSync(one.folder(ID)), [".chatloom"]);
    await remember(one, ID);
    assert.deepEqual(told, []);
    // The archive has a folder under its id by way of another address.
    mkdirSync(`${other.folder(undefined)}/.chatloom`, { recursive: true });
    mkdirSync(other.folder(OTHER));
    await remember(other, OTHER);
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^warning: .* record once with it as --journal-dir$/);
  }));
