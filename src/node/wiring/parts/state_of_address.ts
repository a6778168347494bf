import { createHash } from "node:crypto";
import { lstat, mkdir, readlink, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import type { PostgresAddress } from "../../../adapters/postgres/connection/postgres_address.ts";
import type { Reporter } from "../../../ports/reporter.ts";

/**
 * What a machine keeps of an archive in a database: a folder under the archive's id, so that all addresses of the
 * database lead to it. A recorder that starts while the database is away cannot ask for the id: beside it the
 * address has a link to that folder, or, where the archive was never reached from here, a folder of its own, to
 * which the id becomes a link later.
 */
export class StateOfAddress {
  readonly #root = join(stateFolder(), "chatloom");
  readonly #place: string;

  /** Looks at nothing yet. */
  constructor({ shown }: Pick<PostgresAddress, "shown">) {
    const name = createHash("sha256").update(shown).digest("hex").slice(0, 16);
    this.#place = join(this.#root, `at-${name}`);
  }

  /** The id that the archive at this address had when a recorder of this machine reached it last. */
  async id(): Promise<string | undefined> {
    return await readlink(this.#place).then((to) => basename(to), () => undefined);
  }

  /** Where state is kept: of the archive with this id, or while the id is not known of the address. */
  folder(id: string | undefined): string {
    return id === undefined ? this.#place : join(this.#root, id);
  }

  /** Has the address lead to the folder of this id, and the other way round. Never rejects. */
  async remember(id: string, reporter: Reporter): Promise<void> {
    try {
      await mkdir(this.#root, { recursive: true });
      const kind = await kindOf(this.#place);
      if (kind === "link" && await this.id() !== id) await rm(this.#place);
      if (kind !== "folder") return await symlink(id, this.#place).catch(throwUnlessThere);
      const own = await kindOf(this.folder(id));
      if (own === undefined) {
        return await symlink(basename(this.#place), this.folder(id)).catch(throwUnlessThere);
      }
      if (own === "link") return;
      reporter.report(
        "warning",
        "What was received before this address first answered is in a folder of its own: " +
          "record once with it as --journal-dir",
        { folder: this.#place },
      );
    } catch (error) {
      reporter.report(
        "warning",
        "A start while the database is away will not find this archive's journals: name a --journal-dir",
        { folder: this.#place, error: (error as Error).message },
      );
    }
  }
}

async function kindOf(path: string): Promise<"folder" | "link" | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return found.isSymbolicLink() ? "link" : "folder";
}

/** Another recorder may have made it in the meantime. */
function throwUnlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

/** Where programs keep what should survive a restart (XDG Base Directory Specification 0.8). */
function stateFolder(): string {
  const chosen = process.env["XDG_STATE_HOME"] ?? "";
  return chosen.startsWith("/") ? chosen : join(homedir(), ".local", "state");
}
