// One broker for all of these: starting it takes longer than most of them. They run one after another.
import { after, test } from "node:test";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { brokerSuite } from "../../../src/testing/suites/broker_suite.ts";
import { faultCases } from "./fault_cases.ts";
import { remoteCases } from "./remote_cases.ts";
import { skipRabbit, startRabbit } from "./rabbit_server.ts";

if (skipRabbit !== false) {
  test("RabbitMQ", { skip: skipRabbit }, () => {});
} else {
  const server = await startRabbit();
  after(() => server.close());
  const broker = amqpBroker({ url: server.url });
  const restart = async () => {
    await server.kill();
    await server.start();
  };
  let count = 0;
  for (const queueKind of ["classic", "quorum"] as const) {
    brokerSuite({
      test,
      queueKind,
      open: () => ({
        broker,
        prefix: `test${++count}`,
        block: (isBlocked) => server.block(isBlocked),
        // A quorum queue of this age can lose what it holds.
        ...(queueKind === "classic" ? { restart } : {}),
      }),
    });
  }
  faultCases(server);
  await remoteCases(server);
}
