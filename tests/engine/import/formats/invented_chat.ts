import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { nodeHasher } from "../../../../src/adapters/hashers/node_hasher.ts";
import { decodeBatch } from "../../../../src/core/batch/batch.ts";
import type { Message } from "../../../../src/core/batch/message.ts";
import {
  archiveSource,
  recogniseSource,
  type SourceFacts,
} from "../../../../src/engine/import/archiving/import_source.ts";
import type { ImportReport } from "../../../../src/engine/import/archiving/import_report.ts";
import { MessageArchiver } from "../../../../src/engine/import/archiving/message_archiver.ts";
import type { BatchStore } from "../../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";

/** 2026-08-01T00:00:00Z, in milliseconds. */
export const DAY_MS: number = Date.UTC(2026, 7, 1);

/** A raw line of IRC as Twitch sends it. */
export function rawLine(
  { id, ms, login = "ada", name = "Ada", text = "hello", emotes = "" }: {
    readonly id?: string;
    readonly ms: number;
    readonly login?: string;
    readonly name?: string;
    readonly text?: string;
    readonly emotes?: string;
  },
): string {
  const idTag = id === undefined ? "" : `id=${id};`;
  return `@badge-info=;badges=vip/1;color=#FF0000;display-name=${name};emotes=${emotes};${idTag}` +
    `room-id=123;tmi-sent-ts=${ms};user-id=7;user-type= ` +
    `:${login}!${login}@${login}.tmi.twitch.tv PRIVMSG #lovelace :${text}`;
}

/** The `n`th id of an invented message. */
export function messageId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** An archive in memory into which texts are imported. */
export class ImportedArchive {
  /** The files. */
  readonly store: BatchStore = memoryStore();

  /** Imports a text as a file of its own, in chunks of `chunkBytes`, and returns the report. */
  async import(
    text: string | Uint8Array,
    facts: Partial<SourceFacts> & { readonly chunkBytes?: number; readonly isTorn?: boolean } = {},
  ): Promise<ImportReport> {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const { chunkBytes = 65_536, isTorn = false, ...known } = facts;
    const source = {
      name: "invented",
      isTorn: () => isTorn,
      async *open() {
        for (let at = 0; at < bytes.length; at += chunkBytes) {
          yield bytes.slice(at, at + chunkBytes);
        }
      },
    };
    const hasher = nodeHasher();
    const archiver = new MessageArchiver({ store: this.store, hasher, reporter: noopReporter });
    const found = known.format ?? await recogniseSource(source);
    if (found === "capture") throw new TypeError("this is a capture");
    await archiveSource(source, { ...known, format: found }, { archiver, hasher });
    await archiver.flush();
    return archiver.report;
  }

  /** The names of the files. */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of this.store.list("")) keys.push(key);
    return keys;
  }

  /** All messages, file by file. */
  async messages(): Promise<Message[]> {
    const messages: Message[] = [];
    for (const key of await this.keys()) {
      messages.push(...decodeBatch((await this.store.get(key))!));
    }
    return messages.sort((a, b) => a.time - b.time);
  }
}

/** The reasons of a report: reason → how many. */
export function refusedOf(report: ImportReport): Record<string, number> {
  return Object.fromEntries(report.total().refused);
}
