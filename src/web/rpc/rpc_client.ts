import { type Calls, type Port, type Request, type Response, UNHEARD_ID } from "./rpc_messages.ts";

/** Options of a call beside its input. */
export interface CallOptions<Progress> {
  /** Aborts: the call rejects with its reason, and the worker stops its work. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Calls a function of the worker. */
export type RpcClient<C extends Calls> = <Name extends keyof C & string>(
  name: Name,
  input: C[Name]["input"],
  options?: CallOptions<C[Name]["progress"]>,
) => Promise<C[Name]["output"]>;

/** The error of a call in the worker. */
class WorkerError extends Error {
  /** The code of a `ChatloomError`. */
  readonly code: string | undefined;

  /** An error of the worker. */
  constructor(message: string, { code }: { readonly code: string | undefined }) {
    super(message);
    this.name = "WorkerError";
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((progress: never) => void) | undefined;
}

/** Calls a function of the worker and leaves its response, and its failure, to another call. */
export function tell<C extends Calls, Name extends keyof C & string>(
  port: Pick<Port<Response, Request>, "postMessage">,
  name: Name,
  input: C[Name]["input"],
  transfer: Transferable[] = [],
): void {
  port.postMessage({ id: UNHEARD_ID, name, input }, transfer);
}

/** The page's end of `port`: sends calls; responses come in any order. */
export function rpcClient<C extends Calls>(port: Port<Response, Request>): RpcClient<C> {
  const waiting = new Map<number, Waiting>();
  let lastId = UNHEARD_ID;
  port.addEventListener("message", ({ data }) => {
    const call = waiting.get(data.id);
    if (call === undefined) return; // Aborted.
    if ("progress" in data) return call.onProgress?.(data.progress as never);
    waiting.delete(data.id);
    if ("error" in data) call.reject(new WorkerError(data.error.message, data.error));
    else call.resolve(data.output as never);
  });
  return (name, input, { signal, onProgress } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const id = ++lastId;
      const onAbort = (): void => {
        if (!waiting.delete(id)) return;
        port.postMessage({ cancel: id });
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const done = (): void => signal?.removeEventListener("abort", onAbort);
      waiting.set(id, {
        onProgress,
        resolve: (output) => (done(), resolve(output)),
        reject: (error) => (done(), reject(error)),
      });
      port.postMessage({ id, name, input });
    });
}
