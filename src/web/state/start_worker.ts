import type { PageCalls } from "../reading/page_calls.ts";
import { type RpcClient, rpcClient } from "../rpc/rpc_client.ts";
import { ownWorker } from "../rpc/own_script.ts";

/** The element in which the build leaves the worker's script, as a JSON string. */
const SCRIPT_ID = "worker";

/**
 * Starts the page's worker from the script inside the page: a page from `file://` may load no other.
 *
 * @param onFailure called when it breaks down, after which no call gets a response.
 */
export function startWorker(onFailure: (reason: string) => void): RpcClient<PageCalls> {
  const script = JSON.parse(document.getElementById(SCRIPT_ID)!.textContent!) as string;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = ownWorker(url);
  worker.addEventListener("error", (event) => onFailure(event.message || "it could not start"));
  return rpcClient<PageCalls>(worker);
}
