import {
  type ArchiveKey,
  formatArchiveKey,
  formatHour,
  parseArchiveKey,
  parseHour,
} from "./archive_key.ts";
import { fromDigestText, isDigestText, toDigestText } from "./digest_text.ts";

// The first version of chatloom kept redactions and coverage among the batches:
// `forsen/chat/redactions/HASH.json` and `forsen/chat/2026-08-01T12/coverage-HASH.json`.

/** The folder in a channel's `chat` that held its redactions. */
export const OLD_REDACTIONS = "redactions";

const OLD_COVERAGE = /^coverage-([A-Za-z0-9_-]{43})\.json$/;
const OLD_REDACTION = /^([A-Za-z0-9_-]{43})\.json$/;

/**
 * The path, relative to the archive, under which the first version of chatloom kept the file `key`;
 * `undefined` for batches and tombstones, which have not moved.
 */
export function firstPathOf(key: ArchiveKey): string | undefined {
  const parts = parseArchiveKey(key);
  if (parts === undefined) return undefined;
  const chat = `${parts.channel}/chat`;
  const hash = toDigestText(parts.digest);
  switch (parts.kind) {
    case "redaction":
      return `${chat}/${OLD_REDACTIONS}/${hash}.json`;
    case "coverage":
      return `${chat}/${formatHour(parts.hourUs)}/coverage-${hash}.json`;
    default:
      return undefined;
  }
}

/**
 * The key of the file that the first version of chatloom kept under `path`; `undefined` if it kept none
 * there, or kept it where it still belongs.
 */
export function keyOfFirstPath(path: string): ArchiveKey | undefined {
  const [channel = "", chat, folder = "", name = "", ...rest] = path.split("/");
  if (chat !== "chat" || rest.length > 0) return undefined;
  const hourUs = parseHour(folder);
  const isOrder = folder === OLD_REDACTIONS;
  const [, hash = ""] = (isOrder ? OLD_REDACTION : OLD_COVERAGE).exec(name) ?? [];
  if (!isDigestText(hash) || (!isOrder && hourUs === undefined)) return undefined;
  const digest = fromDigestText(hash);
  const key = hourUs === undefined
    ? formatArchiveKey({ kind: "redaction", channel, digest })
    : formatArchiveKey({ kind: "coverage", channel, hourUs, digest });
  return parseArchiveKey(key) === undefined ? undefined : key; // The channel may be no channel's name.
}

/**
 * The folders, relative to the archive, in which the first version of chatloom kept files whose keys are in
 * `folder`: none, or one.
 */
export function firstFolderOf(folder: string): string | undefined {
  const match = /^([^/]+)\/\.chatloom\/(?:(redactions)|coverage\/([^/]+))$/.exec(folder);
  if (match === null) return undefined;
  const [, channel = "", redactions, hour] = match;
  return `${channel}/chat/${redactions ?? hour}`;
}
