import { test } from "node:test";
import { honoRouter } from "../../../src/adapters/http/hono_router.ts";
import { nodeServer } from "../../../src/adapters/http/node_server.ts";
import { httpPeer } from "../../../src/adapters/http_peer/http_peer.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { nodeApi } from "../../../src/engine/api/node_api.ts";
import { noopMetrics } from "../../../src/ports/metrics.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { peerSuite } from "../../../src/testing/suites/peer_suite.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";

const hasher = await wasmHasher();

peerSuite({
  test,
  digest: (bytes) => hasher.digest(bytes),
  async open() {
    const store = memoryStore();
    const { routes } = nodeApi({
      store,
      hasher,
      clock: systemClock(),
      random: seededRandom("peer"),
      reporter: noopReporter,
      metrics: noopMetrics,
      metricsPage: () => Promise.resolve({ type: "text/plain", text: "" }),
      logLevel: { get: () => "info", set() {} },
      version: "0",
    });
    const server = await nodeServer(honoRouter(routes), { listen: "127.0.0.1:0" });
    return {
      store,
      peer: httpPeer(server.url),
      close: () => server.close({ graceMs: 0 }),
    };
  },
});
