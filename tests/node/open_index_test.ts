import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { openIndex } from "../../src/node/wiring/index_parts.ts";

test("openIndex says that an archive in a database has no index", () => {
  const reports: string[] = [];
  const reporter = {
    report: (severity: string, message: string) => void reports.push(`${severity} ${message}`),
    count: () => {},
  };
  const archive = "postgres://127.0.0.1:1/nowhere";
  const parts = { archive, store: memoryStore(), hasher: nodeHasher(), reporter };
  assert.equal(openIndex(parts), undefined);
  assert.deepEqual(reports, ["info An archive in PostgreSQL has no index: logs are read from it"]);
});
