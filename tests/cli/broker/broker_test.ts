// One broker for all of these: starting it takes longer than most of them. They run one after another.
import { after, test } from "node:test";
import { skipRabbit, startRabbit } from "../../conformance/broker/rabbit_server.ts";
import { operatingCases } from "./operating_cases.ts";
import { recordCases } from "./record_cases.ts";
import { syncCases } from "./sync_cases.ts";
import { workerCases } from "./worker_cases.ts";

if (skipRabbit !== false) {
  test("archives behind RabbitMQ", { skip: skipRabbit }, () => {});
} else {
  const server = await startRabbit();
  after(() => server.close());
  operatingCases(server);
  workerCases(server);
  syncCases(server);
  recordCases(server);
}
