/**
 * From the lines of a capture to hashed batches by the core alone, in one pass. Writes nothing but how
 * many messages there were.
 *
 * Argument: the capture, with a received time in seconds in front of each line.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import process from "node:process";
import { type ReceivedLine, recordLines } from "../record_lines.ts";

const [path = ""] = process.argv.slice(2);

function* capturedLines(): Generator<ReceivedLine> {
  const file = openSync(path, "r");
  const piece = new Uint8Array(1 << 20);
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for (;;) {
    const length = readSync(file, piece);
    const lines = (rest + decoder.write(piece.slice(0, length) as never)).split("\n");
    rest = lines.pop()!;
    for (const text of lines) {
      const space = text.indexOf(" ");
      const receivedUs = Math.round(Number(text.slice(0, space)) * 1e6);
      yield { receivedUs, line: text.slice(space + 1) };
    }
    if (length === 0) break;
  }
  closeSync(file);
}

let messages = 0;
for await (const { messageCount } of recordLines(capturedLines(), "import.AbCdE")) {
  messages += messageCount;
}
console.log(messages);
