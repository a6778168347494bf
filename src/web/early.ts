// The page's first script: the worker starts, and the node is asked, while the browser still reads the main script.
import { aheadOf } from "./start/ahead.ts";
import { tell } from "./rpc/rpc_client.ts";
import type { PageCalls } from "./reading/page_calls.ts";
import { parseRoute } from "./state/address.ts";
import { storedToken } from "./state/node_token.ts";
import { startWorker } from "./start/start_worker.ts";
import { leaveWorker } from "./start/started_worker.ts";

const started = startWorker();
leaveWorker(started);
if (/^https?:$/.test(location.protocol)) {
  const address = { url: new URL("./", location.href).href, token: storedToken() };
  const request = aheadOf(parseRoute(location.hash), address);
  tell<PageCalls, "ahead">(started.worker, "ahead", request);
}
