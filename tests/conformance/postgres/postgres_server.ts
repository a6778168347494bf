import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { mountSmallDisk } from "../disk/small_disk.ts";

/** A PostgreSQL server of the tests' own, in a temporary folder, on a free port of loopback. */
export interface PostgresServer {
  /** The address of an archive in a schema of its own; without a name, of a new one. */
  address(schema?: string): string;
  /** The id of its first process, which has started the others. */
  readonly pid: number;
  /** Kills the server and all that it has started, with SIGKILL, as when the machine dies. */
  kill(): Promise<void>;
  /** Starts it again on what it left. */
  start(): Promise<void>;
  /** Whether it has ended, by itself or otherwise. */
  readonly hasEnded: boolean;
  /** Fills the disk that it was started on, and makes room again; `undefined` if it has none of its own. */
  readonly disk: { fill(): void; free(): void } | undefined;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

const CURE = "apt-get install -y --no-install-recommends postgresql";
const binaries = findBinaries();
// An order of text that is not that of keys, as databases of people have it.
// Servers before 15 sort a whole database in one way of the system's, which may have only this one.
const ORDER = Number(/(\d+)\/bin$/.exec(binaries ?? "")?.[1] ?? 0) >= 15
  ? ["--locale=C", "--locale-provider=icu", "--icu-locale=en"]
  : ["--locale=C"];
const START_MAX_MS = 30_000;

/** Why tests with PostgreSQL skip, or `false` if they can run. CI may not skip them. */
export const skipPostgres: string | false = binaries === undefined && process.env["CI"] !== "true"
  ? `PostgreSQL is not installed: ${CURE}`
  : false;

/** The folder of the newest server's programs, where Debian puts it or where `pg_config` says. */
function findBinaries(): string | undefined {
  const folder = "/usr/lib/postgresql";
  try {
    const versions = readdirSync(folder).filter((name) => /^\d+$/.test(name))
      .sort((a, b) => Number(b) - Number(a));
    if (versions.length > 0) return join(folder, versions[0]!, "bin");
  } catch {
    // Not Debian's.
  }
  try {
    return execFileSync("pg_config", ["--bindir"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/**
 * Starts a server. It says yes before it has flushed unless a client asks for more, so that tests notice a
 * client that does not. With `isHonest` it is as Debian sets it up: for benches.
 */
export async function startPostgres(
  { isHonest = false, diskMib }: {
    readonly isHonest?: boolean;
    /** The size of a disk of its own, if one can be mounted here. @default none */
    readonly diskMib?: number;
  } = {},
): Promise<PostgresServer> {
  if (binaries === undefined) throw new Error(`Cannot start PostgreSQL: it is missing: ${CURE}`);
  const mounted = diskMib === undefined
    ? undefined
    : mountSmallDisk(diskMib * 1024, { inodes: 20_000 });
  const disk = mounted !== undefined && "disk" in mounted ? mounted.disk : undefined;
  const folder = disk?.path ?? mkdtempSync(join(tmpdir(), "chatloom-postgres-"));
  const removeFolder = () => {
    if (disk !== undefined) return disk.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  const files = join(folder, "files");
  chmodSync(folder, 0o700);
  // The server refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const asUser = isRoot
    ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    : ["env"];
  if (isRoot) execFileSync("chown", ["postgres", folder]);
  const [runner = "", ...rest] = asUser;
  const initdb = ["-D", files, "-A", "trust", "-U", "postgres", "-E", "UTF8", ...ORDER];
  execFileSync(runner, [...rest, join(binaries, "initdb"), ...initdb, "--no-sync"], {
    cwd: "/",
    stdio: "ignore",
  });
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: folder,
    max_connections: 60,
    shared_buffers: "32MB",
    ...(disk === undefined ? {} : { min_wal_size: "32MB", max_wal_size: "64MB" }),
    ...(isHonest ? {} : {
      synchronous_commit: "off",
      wal_writer_delay: "10s", // So what is not flushed for a client is not flushed at all.
      fsync: "off", // Only a machine that dies would notice.
    }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let server: ChildProcess | undefined;
  let schemas = 0;
  const start = async () => {
    const endMs = Date.now() + START_MAX_MS;
    for (;;) {
      const child = spawn(runner, [...rest, join(binaries, "postgres"), "-D", files, ...flags], {
        cwd: "/",
        stdio: ["ignore", "ignore", "pipe"],
      });
      server = child;
      const said: string[] = [];
      for await (const line of createInterface({ input: child.stderr! })) {
        said.push(line);
        if (!line.includes("ready to accept connections")) continue;
        child.stderr!.resume();
        return;
      }
      // After a crash the memory of what was killed may not be free yet.
      if (Date.now() > endMs) throw new Error(`Cannot start PostgreSQL: ${said.join("\n")}`);
    }
  };
  await start();
  // For a test run that ends early; it does not wait for anything then.
  const onExit = () => {
    const pid = server?.pid;
    if (pid !== undefined) {
      for (const each of [...childrenOf(pid), pid]) killIfThere(each, "SIGKILL");
    }
    removeFolder();
  };
  process.on("exit", onExit);
  const end = async (signal: NodeJS.Signals) => {
    const child = server;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    const pids = signal === "SIGKILL" ? [child.pid, ...childrenOf(child.pid)] : [child.pid];
    for (const pid of pids) killIfThere(pid, signal);
    await gone;
  };
  return {
    address(schema = `t${++schemas}`) {
      return `postgres://postgres@127.0.0.1:${port}/postgres?schema=${schema}`;
    },
    get pid() {
      return server!.pid!;
    },
    kill: () => end("SIGKILL"),
    start,
    get hasEnded() {
      return server === undefined || server.exitCode !== null || server.signalCode !== null;
    },
    disk: disk && {
      fill: () => {
        const { bavail, bsize } = statfsSync(folder);
        const filler = join(folder, "filler");
        // The server writes meanwhile: most of it at once, then what is left, to the last byte.
        spawnSync("fallocate", ["-l", String(Math.max(1, bavail * bsize - 2 ** 20)), filler]);
        spawnSync("sh", ["-c", 'cat /dev/zero >> "$0"', filler], { stdio: "ignore" });
      },
      free: () => rmSync(join(folder, "filler"), { force: true }),
    },
    async close() {
      await end("SIGINT");
      process.removeListener("exit", onExit);
      removeFolder();
    },
  };
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return text.split(" ").filter((each) => each !== "").map(Number);
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone by itself.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
