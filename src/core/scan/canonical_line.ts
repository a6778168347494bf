import type { Message } from "../batch/message.ts";
import { parseJson } from "../json/parse_json.ts";

const ASCII = new TextDecoder("latin1");

/**
 * Reads a line of a batch that is known to be one, because this process checked or wrote it: nothing
 * is checked again. It is how stored lines are read, as `JSON.parse` takes some keys for others
 * (see `parseJson`). A line of unknown origin goes through `decodeBatch`.
 *
 * @param line canonical JSON, so pure ASCII, with or without its line feed.
 * @throws {SyntaxError} when it is not JSON.
 */
export function parseCanonicalLine(line: string | Uint8Array): Message {
  return parseJson(typeof line === "string" ? line : ASCII.decode(line)) as Message;
}
