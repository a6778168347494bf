import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * What the services of wubloader's chat archiver do with the names in a tree that they share, as far as
 * names can stop them. They were measured in June 2026.
 *
 * - Its merging takes every entry of `CHANNEL/chat` for a folder of an hour, hidden ones too; of what is in
 *   it, it takes every name that ends with `.json`, cuts it at the first `-` and reads minute and second.
 * - Its backfilling reads minute and second in front of every name that a node lists in an hour.
 *
 * @throws {Error} where they would end, with the path.
 */
export function walkAsReference(archive: string): { hours: number; batches: number } {
  let [hours, batches] = [0, 0];
  for (const channel of visibleIn(archive)) {
    for (const quality of visibleIn(join(archive, channel))) {
      const folder = join(archive, channel, quality);
      for (const hour of readdirSync(folder)) {
        hours++;
        for (const name of readdirSync(join(folder, hour))) { // Throws where it is no folder.
          readAsReference(`${channel}/${quality}/${hour}/${name}`);
          if (name.endsWith(".json")) batches++;
        }
        readAsReference(`${channel}/${quality}/${hour}`);
      }
    }
  }
  return { hours, batches };
}

/** Reads the time in one path below an archive as the reference does; what it never looks at is well. */
export function readAsReference(path: string): void {
  const [channel = "", quality = "", hour, name] = path.split(sep);
  if (channel.startsWith(".") || quality.startsWith(".") || hour === undefined) return;
  if (!isTime(`${hour}:00:00`)) throw new Error(`the reference ends at the hour of ${path}`);
  if (name === undefined) return;
  const isBatch = name.endsWith(".json");
  const time = isBatch ? name.slice(0, name.indexOf("-")) : name.split("-")[0]!;
  if (!name.includes("-") || !isTime(`${hour}:${time}`)) {
    throw new Error(`the reference ends at the name of ${path}`);
  }
}

// Python's strptime of "%Y-%m-%dT%H:%M:%S".
function isTime(text: string): boolean {
  return /^\d{4}-\d\d?-\d\d?T\d\d?:\d\d?:\d\d?$/.test(text) &&
    !Number.isNaN(Date.parse(`${text}Z`));
}

function visibleIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
}

/** A path as {@link readAsReference} takes it. */
export function below(archive: string, path: string): string {
  return relative(archive, path);
}
