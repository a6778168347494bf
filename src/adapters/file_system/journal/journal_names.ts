import { isNodeName } from "../../../core/archive/node_name.ts";
import { STATE_FOLDER } from "../store/archive_walk.ts";

/** Where the journals of an archive are, as the parts of a path in its folder. */
export const JOURNAL_FOLDER = [STATE_FOLDER, "journal"] as const;

/** Says who writes a run; its modified time is the heartbeat. Renamed when the run is closed. */
export const OWNER_FILE = "owner.json";

/** What {@link OWNER_FILE} is called once the run is closed. */
export const CLOSED_FILE = "closed.json";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NAME_LENGTH = 5;

/** A random name for a run of `node`. */
export function newRunName(node: string): string {
  let name = `${node}.`;
  while (name.length < node.length + 1 + NAME_LENGTH) {
    const letter = crypto.getRandomValues(new Uint8Array(1))[0]! & 63;
    name += LETTERS[letter] ?? ""; // 62 and 63 would make some letters likelier: drawn again.
  }
  return name;
}

/** Whether a folder of that name holds a run. */
export function isRunName(text: string): boolean {
  return /\.[A-Za-z0-9]{5}$/.test(text) && isNodeName(text.slice(0, -1 - NAME_LENGTH));
}

/** The file of a segment: `000001.log`. */
export function segmentFile(number: number): string {
  return `${String(number).padStart(6, "0")}.log`;
}

/** The number of the segment in a file of that name; `undefined` if it is none. */
export function segmentNumber(name: string): number | undefined {
  const number = Number(/^(\d{6,15})\.log$/.exec(name)?.[1]);
  return number >= 1 && segmentFile(number) === name ? number : undefined;
}
