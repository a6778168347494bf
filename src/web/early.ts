// The page's first script: the worker starts, and the node is asked, while the browser still reads the main script.
import { pathsAhead } from "./start/ahead.ts";
import { askEarly } from "../adapters/browser/node/early_responses.ts";
import { tell } from "./rpc/rpc_client.ts";
import type { PageCalls } from "./reading/page_calls.ts";
import { parseRoute } from "./state/address.ts";
import { storedToken } from "./state/node_token.ts";
import { startWorker } from "./start/start_worker.ts";
import { leaveWorker } from "./start/started_worker.ts";

const started = startWorker();
leaveWorker(started);
if (/^https?:$/.test(location.protocol)) {
  // By this thread, as the worker takes longer to start than a node to answer.
  const address = { url: new URL("./", location.href).href, token: storedToken() };
  const asked = pathsAhead(parseRoute(location.hash)).map((path) => askEarly(path, address));
  const ports = asked.map(({ port }) => port);
  tell<PageCalls, "ahead">(started.worker, "ahead", { address, asked }, ports);
}
