import { stat } from "node:fs/promises";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import { fileSystemImports } from "../../adapters/file_system/file_system_imports.ts";
import { httpLogServer } from "../../adapters/http_logs/http_log_server.ts";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import {
  archiveSource,
  recogniseSource,
  type SourceFacts,
  type SourceOptions,
  UserFilesArchiver,
} from "../../engine/import/archiving/import_source.ts";
import {
  type ImportedServer,
  importLogServer,
} from "../../engine/import/archiving/import_log_server.ts";
import { MessageArchiver } from "../../engine/import/archiving/message_archiver.ts";
import type { ImportReport } from "../../engine/import/archiving/import_report.ts";
import { importCapture } from "../../engine/import/import_capture.ts";
import {
  type ImportFormat,
  isChatterinoCopy,
  nameFacts,
} from "../../engine/import/formats/recognise_format.ts";
import { type CaptureFile, openCapture } from "../../node/wiring/captures/capture_file.ts";
import type { ImportOutcome } from "../../node/wiring/import_thread.ts";
import { Bundles } from "../../node/wiring/imports/bundles.ts";
import type { ImportInput } from "../../node/wiring/imports/find_inputs.ts";
import type { LogServer } from "../../ports/log_server.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { VerbContext } from "../frame/context.ts";
import type { FormatFlags } from "./import_flags.ts";

/** What became of an input that is no capture: `undefined` if all of it was read. */
export interface FormatOutcome {
  /** Its name, as in messages. */
  readonly name: string;
  /** Why it could not be read. */
  readonly refusal?: string;
  /** What is missing or in excess. */
  readonly fault?: ImportOutcome["fault"];
}

/** The inputs of an import: captures, which threads can import, and all others. Disposing deletes what was unpacked. */
export interface SortedInputs extends AsyncDisposable {
  /** Regular files with raw lines or a journal. */
  readonly captures: readonly string[];
  /** Other formats, and what can be read only once. */
  readonly others: readonly ImportInput[];
  /** Addresses of servers of logs. */
  readonly servers: readonly string[];
  /** What became of bundles that could not be unpacked. */
  readonly failed: readonly FormatOutcome[];
  /** Writes a text with the names of bundles in place of the folders to which they were unpacked. */
  named(text: string): string;
}

/** Finds what the user named, also in bundles, and tells captures from other formats by what they hold. */
export async function sortInputs(
  paths: readonly string[],
  { format }: FormatFlags,
  context: Pick<VerbContext, "signal" | "progress">,
): Promise<SortedInputs> {
  const { signal } = context;
  const captures: string[] = [];
  const others: ImportInput[] = [];
  const bundles = new Bundles(context);
  const isServer = (path: string) => /^https?:\/\//i.test(path);
  try {
    for (const path of paths.filter((each) => !isServer(each))) {
      for await (const input of bundles.inputsOf(path)) {
        signal.throwIfAborted();
        if (input.kind === "file" && await isCapture(input.path, format, signal)) {
          captures.push(input.path);
        } else others.push(input);
      }
    }
  } catch (error) {
    await bundles[Symbol.asyncDispose]();
    throw error;
  }
  return {
    captures,
    others,
    servers: paths.filter(isServer),
    failed: bundles.failed,
    named: (text) => bundles.named(text),
    [Symbol.asyncDispose]: () => bundles[Symbol.asyncDispose](),
  };
}

async function isCapture(
  path: string,
  format: ImportFormat | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (path === "-") return false;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return true; // The importer of captures reports it, in its turn.
  if (!found.isFile()) return false;
  if (format !== undefined || isChatterinoCopy(path)) return format === "capture";
  try {
    const file = await openCapture(path, signal);
    try {
      return await recogniseSource(file) === "capture";
    } finally {
      await file[Symbol.asyncDispose]();
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return true;
  }
}

/** Imports files of other tools into one archive. */
export class FormatImports {
  readonly #store: BatchStore;
  readonly #context: VerbContext;
  readonly #flags: FormatFlags;
  readonly #archiver: MessageArchiver;
  readonly #hasher = nodeHasher();

  /** Imports into `store`. */
  constructor(
    store: BatchStore,
    { flags, context }: { readonly flags: FormatFlags; readonly context: VerbContext },
  ) {
    const { reporter, signal } = context;
    this.#store = store;
    this.#context = context;
    this.#flags = flags;
    this.#archiver = new MessageArchiver({ store, hasher: this.#hasher, reporter, signal });
  }

  /** What was done so far, by day. */
  get report(): ImportReport {
    return this.#archiver.report;
  }

  /** Imports one input; its messages are safe once this resolves. Tells what became of its files. */
  async *import(input: ImportInput): AsyncGenerator<ImportOutcome | FormatOutcome, void> {
    const label = input.kind === "justlogUsers" ? `users of ${input.roomId}` : input.path;
    const shown = this.#context.progress(`Importing ${label}`);
    const archiver = this.#archiver;
    const options = {
      archiver,
      hasher: this.#hasher,
      signal: this.#context.signal,
      onBytes: () => shown.update(archiver.lineCount),
    };
    try {
      if (input.kind === "justlogUsers") yield* this.#importUsers(input, options);
      else {
        const known = input.kind === "justlogDay"
          ? { format: "justlog", origin: input.roomId } as const
          : undefined;
        yield await this.#read(input.path, (file) => this.#importFile(file, known, options));
      }
      await archiver.flush();
    } finally {
      shown.end();
    }
  }

  /**
   * Imports what the rustlog or justlog at `address` has, but for what notes in `folder` say is done.
   *
   * @throws {ChatloomError} when it is no address or cannot be asked.
   */
  async importServer(address: string, folder: string): Promise<ImportedServer> {
    const { progress, reporter, signal } = this.#context;
    const { channel } = this.#flags;
    const server = openServer(address);
    const shown = progress(`Importing ${server.name}`);
    try {
      return await importLogServer(server, {
        archiver: this.#archiver,
        hasher: this.#hasher,
        notes: fileSystemImports(folder),
        clock: systemClock(),
        reporter,
        signal,
        channels: channel === undefined ? undefined : [channel],
        onBytes: () => shown.update(this.#archiver.lineCount),
      });
    } finally {
      shown.end();
    }
  }

  async *#importUsers(
    { paths, roomId }: Extract<ImportInput, { kind: "justlogUsers" }>,
    options: SourceOptions,
  ): AsyncGenerator<FormatOutcome, void> {
    const users = new UserFilesArchiver(roomId, options);
    for (const path of paths) {
      yield await this.#read(path, async (file) => {
        await users.add(file);
        return undefined;
      });
    }
    await users.end();
  }

  /** Imports a file. Of a capture, as one that came through a pipe, it returns the outcome. */
  async #importFile(
    file: CaptureFile,
    known: SourceFacts | undefined,
    options: SourceOptions,
  ): Promise<ImportOutcome | undefined> {
    const { name } = file;
    if (isChatterinoCopy(name)) {
      this.report.refuse("a copy of other files, or no channel's chat");
      return undefined;
    }
    const format = known?.format ?? this.#flags.format ?? await recogniseSource(file);
    if (format === "capture") {
      const { reporter, signal } = this.#context;
      const capture = { store: this.#store, hasher: this.#hasher, reporter, signal };
      const imported = await importCapture(file, capture);
      return { name, imported, fault: file.fault };
    }
    const names = nameFacts(name);
    const channel = this.#flags.channel ?? names.channel;
    await archiveSource(
      file,
      known ?? { ...names, channel, format, zone: this.#flags.zone },
      options,
    );
    return undefined;
  }

  async #read(
    path: string,
    work: (file: CaptureFile) => Promise<ImportOutcome | undefined>,
  ): Promise<ImportOutcome | FormatOutcome> {
    let name = path;
    try {
      const file = await openCapture(path, this.#context.signal);
      ({ name } = file);
      try {
        return await work(file) ?? { name, fault: file.fault };
      } finally {
        await file[Symbol.asyncDispose]();
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return { name, refusal: error.message };
    }
  }
}

function openServer(address: string): LogServer {
  try {
    return httpLogServer(address);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ChatloomError("INPUT_UNREADABLE", cause.message, { cause });
  }
}

function isUnreadable(error: unknown): error is ChatloomError {
  return error instanceof ChatloomError && error.code === "INPUT_UNREADABLE";
}
