import { ownWorker } from "../rpc/own_script.ts";

/** The element in which the build leaves the worker's script, as a JSON string. */
const SCRIPT_ID = "worker";

/** The worker that the page's first script starts and its main script uses. */
export interface StartedWorker {
  readonly worker: Worker;
  /** Why it broke down, if it did. */
  failure: string | undefined;
  /** Called when it breaks down. */
  onFailure: (reason: string) => void;
}

/** Starts the page's worker from the script inside the page: a page from `file://` may load no other. */
export function startWorker(): StartedWorker {
  const script = JSON.parse(document.getElementById(SCRIPT_ID)!.textContent!) as string;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const started: StartedWorker = {
    worker: ownWorker(url),
    failure: undefined,
    onFailure: () => {},
  };
  started.worker.addEventListener("error", (event) => {
    started.failure = event.message || "it could not start";
    started.onFailure(started.failure);
  });
  return started;
}
