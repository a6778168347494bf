/**
 * The front door for programs in Deno and Node: an archive in a folder, and each task on it
 * in one call. It chooses clock, files, connections and log; `@chatloom/chatloom` has the parts,
 * which leave the choice to the caller.
 *
 * Times are `Date` or ISO text. Errors are those of `@chatloom/chatloom`: `ChatloomError` with a `code`.
 *
 * @example Record two channels for an hour
 * ```ts ignore
 * import { openArchive, record } from "@chatloom/chatloom/node";
 *
 * const archive = await openArchive("chat", { create: true, log: "stderr" });
 * await record(archive, ["forsen", "nymn"], { signal: AbortSignal.timeout(3_600_000) });
 * ```
 *
 * @example Read a day
 * ```ts ignore
 * import { openArchive, read } from "@chatloom/chatloom/node";
 *
 * const archive = await openArchive("chat");
 * const day = { from: "2026-08-01", until: "2026-08-02" };
 * for await (const { message, earliest } of read(archive, "forsen", day)) {
 *   console.log(earliest.toISOString(), message.sender, message.params[1]);
 * }
 * ```
 *
 * @example Serve it
 * ```ts ignore
 * import { openArchive, serve } from "@chatloom/chatloom/node";
 *
 * const server = await serve(await openArchive("chat"), { listen: ":8080" });
 * console.log(server.url);
 * ```
 * @module
 */

export type { StoredAtOnce } from "../engine/record/batch_puts.ts";
export type { BrokerChoice } from "./wiring/parts/broker_choice.ts";
export { type Archive, openArchive, type OpenArchiveOptions } from "./wiring/archive.ts";
export type { ArchiveParts, IndexPlace } from "./wiring/parts/archive_parts.ts";
export type { ChannelName } from "./channels.ts";
export type { Instant } from "./instant.ts";
export { record, type RecordOptions } from "./record.ts";
export { read, type ReadMessage, type ReadOptions } from "./read.ts";
export { type ArchiveServer, serve, type ServeArchiveOptions } from "./serve.ts";
export { sync, type SyncArchiveOptions, type SyncPeer } from "./sync.ts";
export {
  type ChannelsOptions,
  importFile,
  type ImportFileOptions,
  redact,
  type RedactOrder,
  settle,
  type SettleChannelsOptions,
  verify,
} from "./maintain.ts";
