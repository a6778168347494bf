import type { Calls, Port, Request, Response, RpcError } from "./rpc_messages.ts";

/** Options of a handler beside its input. */
export interface CallOptions<Progress> {
  /** Aborts when the page aborts the call. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** The handler of each call. */
export type Answers<C extends Calls> = {
  readonly [Name in keyof C]: (
    input: C[Name]["input"],
    options: CallOptions<C[Name]["progress"]>,
  ) => Promise<C[Name]["output"]> | C[Name]["output"];
};

/** The worker's end of `port`: runs calls, any number at once. */
export function serveRpc<C extends Calls>(
  port: Port<Request, Response>,
  answers: Answers<C>,
): void {
  const running = new Map<number, AbortController>();
  port.addEventListener("message", async ({ data }) => {
    if ("cancel" in data) return running.get(data.cancel)?.abort();
    const { id, name, input } = data;
    const controller = new AbortController();
    running.set(id, controller);
    const { signal } = controller;
    const onProgress = (progress: unknown): void => {
      if (!signal.aborted) port.postMessage({ id, progress });
    };
    try {
      const output = await answers[name]!(input, { signal, onProgress });
      if (!signal.aborted) port.postMessage({ id, output });
    } catch (error) {
      if (!signal.aborted) port.postMessage({ id, error: toWire(error) });
    } finally {
      running.delete(id);
    }
  });
}

function toWire(error: unknown): RpcError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: undefined };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { name: error.name, message: error.message, code };
}
