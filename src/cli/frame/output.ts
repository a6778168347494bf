import process from "node:process";
import { ChatloomError } from "../../core/errors/errors.ts";
import { EXIT, QuietExit } from "./exit.ts";

/** Standard output that waits for its reader and notices when it goes away. */
export interface Output {
  /** Resolves when there is room for more. Rejects with {@link QuietExit} when the reader is gone. */
  print(text: string | Uint8Array): Promise<void>;
  /** Resolves when all that was printed is out. */
  flush(): Promise<void>;
}

/** The process's standard output. `chatloom cat … | head` is a way to use it, not an error. */
export function standardOutput(): Output {
  const stream = process.stdout;
  let failure: Error | undefined;
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    failure ??= cause.code === "EPIPE"
      ? new QuietExit(EXIT.outputClosed, "The reader of the output is gone")
      : new ChatloomError("STORE_IO", "Cannot write to standard output", { cause });
  });
  function write(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      stream.write(text, () => failure === undefined ? resolve() : reject(failure));
    });
  }
  return { print: write, flush: () => write("") };
}
