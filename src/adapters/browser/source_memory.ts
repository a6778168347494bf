/** A folder or file that was handed to the page, as it is remembered over a reload. */
export interface RememberedSource {
  readonly id: number;
  /** Its name, as the user knows it. */
  readonly name: string;
  /** The handle to it, where the browser gives one. */
  readonly handle: FileSystemHandle | undefined;
}

const DATABASE = "chatloom";
const STORE = "sources";

/** At most this many are remembered; older ones are forgotten. */
const REMEMBERED_MAX = 50;

/**
 * Remembers what was handed to the page, in the browser's own database: names and handles, never the
 * bytes, so that what an archive forgets stays nowhere. Where the browser has no database for the page,
 * nothing is remembered, and no call fails for it.
 */
export class SourceMemory {
  #database: Promise<IDBDatabase | undefined> | undefined;

  /** What is remembered, the oldest first. */
  async list(): Promise<readonly RememberedSource[]> {
    const found = await this.#run("readonly", (store) => store.getAll());
    return (found as RememberedSource[] | undefined) ?? [];
  }

  /** Remembers a source; returns its id, or `undefined` if it cannot be remembered. */
  async add(name: string, handle: FileSystemHandle | undefined): Promise<number | undefined> {
    const id = await this.#add({ name, handle }) ?? await this.#add({ name, handle: undefined });
    const all = await this.list();
    for (const { id: oldest } of all.slice(0, Math.max(0, all.length - REMEMBERED_MAX))) {
      await this.forget(oldest);
    }
    return id;
  }

  /** Forgets a source. */
  async forget(id: number): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(id));
  }

  async #add(source: Omit<RememberedSource, "id">): Promise<number | undefined> {
    const id = await this.#run("readwrite", (store) => store.add(source));
    return typeof id === "number" ? id : undefined;
  }

  /** What a request gives; `undefined` if the browser refuses it. */
  async #run(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest,
  ): Promise<unknown> {
    const database = await (this.#database ??= open());
    if (database === undefined) return undefined;
    try {
      return await resultOf(ask(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      return undefined; // No room, a handle that cannot be stored, a database that was cleared.
    }
  }
}

async function open(): Promise<IDBDatabase | undefined> {
  try {
    const request = indexedDB.open(DATABASE, 1);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    });
    return await resultOf(request) as IDBDatabase;
  } catch {
    return undefined; // Forbidden by the reader, or a page without an origin.
  }
}

function resultOf(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
