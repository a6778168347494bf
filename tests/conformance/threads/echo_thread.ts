import process from "node:process";
import { serveThread, type ThreadTask } from "../../../src/adapters/threads/serve_thread.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";

/** Where this module is, for a pool. */
export const ECHO_THREAD: string = import.meta.url;

interface EchoData {
  readonly kind: "echo";
  readonly prefix: string;
}

serveThread(
  "echo",
  ({ prefix }: EchoData) => async (task: string, { signal, tell }: ThreadTask<string>) => {
    if (task === "coded") throw new ChatloomError("STORE_DENIED", "Cannot echo");
    if (task === "plain") throw new TypeError("no echo");
    if (task === "exit") process.exit(3);
    if (task === "wait") await new Promise((resolve) => setTimeout(resolve, 60_000));
    if (task === "until aborted") {
      tell("waiting");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      throw signal.reason;
    }
    if (task === "told") { for (let i = 0; i < 3; i++) tell(`${prefix}${i}`); }
    return prefix + task;
  },
);
