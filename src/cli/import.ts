import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { Command } from "commander";
import { fileSystemStore } from "../adapters/file_system_store.ts";
import { bestHasher } from "../adapters/web_crypto_hasher.ts";
import { ChatloomError } from "../core/errors.ts";
import { type Capture, importCapture } from "../engine/record/import_capture.ts";
import { contextOf } from "./frame/context.ts";
import { examplesOf } from "./frame/program.ts";

/** `chatloom import`: records captures of raw lines. */
export function importCommand(): Command {
  return new Command("import")
    .description("put raw captures of chat into an archive, as if they had been recorded live")
    .argument(
      "<files...>",
      "a raw line of IRC in each line, gzipped or not, with or without its received time in front; or a journal",
    )
    .requiredOption("-a, --archive <dir>", "the archive; made if it is not there")
    .addHelpText(
      "after",
      "\nImporting the same capture again changes nothing. A received time is seconds or\n" +
        "milliseconds since 1970, or a date and time of ISO 8601; without one, messages that\n" +
        "carry no timestamp of Twitch get a range of up to a minute.\n" +
        examplesOf([
          "chatloom import forsen.log --archive chat",
          "chatloom import captures/*.log.gz --archive chat",
        ]),
    )
    .action(async (paths: string[], { archive }: { archive: string }, command: Command) => {
      const { print, progress, reporter, counters, signal } = contextOf(command);
      const store = fileSystemStore(archive, { movesFirstLayout: true });
      await store.checkWritable({ signal });
      const hasher = await bestHasher();
      for (const path of paths) {
        const shown = progress(`Importing ${path}`);
        try {
          const onProgress = (lines: number) => shown.update(lines);
          const done = await importCapture(fileCapture(path), {
            store,
            hasher,
            reporter,
            signal,
            onProgress,
          });
          await print(
            `${path}: ${done.lines} lines, ${done.messages} messages in ${done.batches} batches\n`,
          );
        } finally {
          shown.end();
        }
      }
      for (const { name, labels, amount } of counters.readings()) {
        if (name !== "lines_ignored") continue;
        const { reason, command = "" } = labels;
        await print(
          `not archived: ${amount} lines: ${reason}${command === "" ? "" : ` (${command})`}\n`,
        );
      }
    });
}

/** The capture in a file. What is gzipped is unpacked as it streams. */
function fileCapture(path: string): Capture {
  return {
    name: path,
    async *open() {
      try {
        yield* unpacked(path);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new ChatloomError("INPUT_UNREADABLE", `Cannot read "${path}": ${why}`, { cause });
      }
    },
  };
}

async function* unpacked(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const head = createReadStream(path, { end: 1 });
  let magic = 0;
  for await (const chunk of head as AsyncIterable<Uint8Array>) {
    for (const byte of chunk) magic = magic << 8 | byte;
  }
  const file = createReadStream(path);
  if (magic !== 0x1f8b) return yield* file as AsyncIterable<Uint8Array>;
  const gunzip = createGunzip();
  // An error of the file would not reach the reader of the unpacked bytes by itself.
  file.on("error", (error) => gunzip.destroy(error)).pipe(gunzip);
  yield* gunzip as AsyncIterable<Uint8Array>;
}
