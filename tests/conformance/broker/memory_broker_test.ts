import { test } from "node:test";
import { memoryBroker } from "../../../src/adapters/memory/memory_broker.ts";
import { brokerSuite } from "../../../src/testing/suites/broker_suite.ts";

for (const queueKind of ["classic", "quorum"] as const) {
  brokerSuite({
    test,
    queueKind,
    open() {
      const broker = memoryBroker();
      return {
        broker,
        prefix: "test",
        restart: () => broker.restart(),
        block: (isBlocked) => broker.block(isBlocked),
      };
    },
  });
}
