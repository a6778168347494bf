import { askNode, type NodeAddress } from "./ask_node.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";

/** A path that the page asked its node for before the worker runs, and the port at which the response comes. */
export interface EarlyAsked {
  readonly path: string;
  readonly port: MessagePort;
}

/** What comes at the port, once. */
type Told =
  | {
    readonly status: number;
    readonly headers: readonly [string, string][];
    readonly body: ReadableStream | ArrayBuffer | null;
  }
  | { readonly failure: string };

/** Asks a node for `path` at once. What is sent back to the port stops the transfer. */
export function askEarly(path: string, address: NodeAddress): EarlyAsked {
  const { port1, port2 } = new MessageChannel();
  const controller = new AbortController();
  port1.onmessage = () => controller.abort();
  void handOver(askNode(address, path, controller.signal), port1);
  return { path, port: port2 };
}

async function handOver(asked: Promise<Response>, port: MessagePort): Promise<void> {
  const tell = (told: Told, transfer: Transferable[] = []): void =>
    port.postMessage(told, transfer);
  try {
    const response = await asked;
    const { status, body } = response;
    const head = { status, headers: [...response.headers] };
    try {
      tell({ ...head, body }, body === null ? [] : [body]);
    } catch {
      // Safari hands over no streams.
      const bytes = await response.arrayBuffer();
      tell({ ...head, body: bytes }, [bytes]);
    }
  } catch (error) {
    tell({ failure: String(error) });
  }
}

/**
 * The response that {@link askEarly} asked for.
 *
 * @throws {ChatloomError} `CONNECTION_LOST`.
 */
export function earlyResponse({ path, port }: EarlyAsked, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => {
      port.postMessage("stop");
      reject(signal.reason);
    }, { once: true });
    port.onmessage = ({ data }: MessageEvent<Told>) => {
      if ("failure" in data) {
        const cause = data.failure;
        reject(
          new ChatloomError("CONNECTION_LOST", `Cannot reach the node: ${path}`, { cause }),
        );
      } else resolve(new Response(data.body, { ...data, headers: [...data.headers] }));
    };
  });
}
