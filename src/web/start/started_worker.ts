import type { PageCalls } from "../reading/page_calls.ts";
import { type RpcClient, rpcClient } from "../rpc/rpc_client.ts";
import type { StartedWorker } from "./start_worker.ts";

// The page's scripts share nothing but the global object.
type Shared = { chatloom?: StartedWorker };

/** Leaves the worker for the page's main script. */
export function leaveWorker(started: StartedWorker): void {
  (globalThis as Shared).chatloom = started;
}

/**
 * Uses the worker that the first script started.
 *
 * @param onFailure called when it breaks down, after which no call gets a response.
 */
export function takeWorker(onFailure: (reason: string) => void): RpcClient<PageCalls> {
  const { chatloom: started } = globalThis as Shared;
  if (started === undefined) throw new Error("Cannot use a worker: none was started");
  started.onFailure = onFailure;
  if (started.failure !== undefined) onFailure(started.failure);
  return rpcClient<PageCalls>(started.worker);
}
