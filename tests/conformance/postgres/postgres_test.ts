// One server for all of these: starting it takes longer than most of them. They run one after another.
import { after } from "node:test";
import { archiveCases } from "./archive_cases.ts";
import { changeCases } from "./change_cases.ts";
import { faultCases } from "./fault_cases.ts";
import { indexCases } from "./index_cases.ts";
import { noteCases } from "./note_cases.ts";
import { skipPostgres, startPostgres } from "./postgres_server.ts";
import { suiteCases } from "./suite_cases.ts";
import type { PostgresWorld } from "./postgres_world.ts";
import { test } from "node:test";

if (skipPostgres !== false) {
  test("PostgreSQL", { skip: skipPostgres }, () => {});
} else {
  const server = await startPostgres();
  after(() => server.close());
  const world: PostgresWorld = { server };
  suiteCases(world);
  noteCases(world);
  archiveCases(world);
  indexCases(world);
  changeCases(world);
  faultCases(world);
}
