// One server for all of these: starting it takes longer than most of them. They run one after another.
import { after, test } from "node:test";
import { skipPostgres, startPostgres } from "../../conformance/postgres/postgres_server.ts";
import { liveCases } from "./live_cases.ts";
import { recordCases } from "./record_cases.ts";
import { settleCases } from "./settle_cases.ts";

if (skipPostgres !== false) {
  test("archives in PostgreSQL", { skip: skipPostgres }, () => {});
} else {
  const server = await startPostgres();
  after(() => server.close());
  settleCases({ server });
  recordCases({ server });
  liveCases({ server });
}
