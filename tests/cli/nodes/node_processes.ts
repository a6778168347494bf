import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

/** A link between two nodes that can be cut: a proxy which then drops everything. */
export class Link {
  /** The port of the node behind it; connections fail before it is set. */
  targetPort: number | undefined;
  /** Whether it drops what comes. */
  isCut = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Link> {
    const server = createServer();
    const link = new Link(server);
    server.on("connection", (socket) => link.#pass(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return link;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(near: Socket): void {
    near.on("error", () => near.destroy());
    if (this.isCut || this.targetPort === undefined) return void near.destroy();
    const far = connect(this.targetPort, "127.0.0.1");
    far.on("error", () => near.destroy());
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}

/** A recording node in a process of its own. */
export interface NodeProcess {
  readonly child: ChildProcess;
  /** Where it serves. */
  readonly port: number;
  /** What it said last. */
  readonly last: readonly string[];
}

/** Starts `chatloom record` with these arguments and waits until it serves. */
export async function startNode(
  args: readonly string[],
  environment: { readonly [name: string]: string } = {},
): Promise<NodeProcess> {
  return await startServing(["record", "--serve", "127.0.0.1:0", ...args], environment);
}

/** Starts a verb that serves an archive, and waits until it does. */
export async function startServing(
  args: readonly string[],
  environment: { readonly [name: string]: string } = {},
): Promise<NodeProcess> {
  const runtime = process.versions["deno"] === undefined
    ? []
    : ["run", "--allow-all", "--no-check"];
  const child = spawn(process.execPath, [...runtime, MAIN, ...args, "--log-format", "json"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...environment },
  });
  const last: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stderr! }).on("line", (line) => {
      last.push(line);
      if (last.length > 12) last.shift();
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
      if (line.includes("Serving the archive") && found !== null) resolve(Number(found[1]));
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${last.join("\n")}`)));
  });
  return { child, port, last };
}

/** Ends a node and returns its exit code. */
export async function stopNode({ child }: NodeProcess, signal: "SIGKILL" | "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  process.kill(child.pid!, signal);
  const [exitCode] = await once(child, "exit");
  return exitCode;
}

export async function until(
  isTrue: () => boolean | Promise<boolean>,
  { limitS, what }: { readonly limitS: number; readonly what: string },
): Promise<number> {
  const startMs = performance.now();
  while (!await isTrue()) {
    assert.ok(performance.now() - startMs < limitS * 1_000, `waited ${limitS} s in vain: ${what}`);
    await sleep(200);
  }
  return (performance.now() - startMs) / 1_000;
}
