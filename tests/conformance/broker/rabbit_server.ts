import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

/** A RabbitMQ broker of the tests' own, in a temporary folder, on free ports of loopback. */
export interface RabbitServer {
  /** Its address. */
  readonly url: string;
  /** The id of its first process, which has started the others. */
  readonly pid: number;
  /** Kills it with SIGKILL, as when the machine dies. */
  kill(): Promise<void>;
  /** Stops its processes where they are, or lets them go on: it neither answers nor ends. */
  freeze(isFrozen: boolean): void;
  /** Starts it again on what it left. */
  start(): Promise<void>;
  /** Makes it take no messages for want of room, or take them again. */
  block(isBlocked: boolean): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

const CURE = "apt-get install -y --no-install-recommends rabbitmq-server";
const PROGRAMS = "/usr/lib/rabbitmq/bin"; // Those in /usr/sbin change the user.
const START_MAX_MS = 60_000;
const isThere = existsSync(join(PROGRAMS, "rabbitmq-server"));

/** Why tests with RabbitMQ skip, or `false` if they can run. CI may not skip them. */
export const skipRabbit: string | false = !isThere && process.env["CI"] !== "true"
  ? `RabbitMQ is not installed: ${CURE}`
  : false;

/** Starts a broker; one that `isAway` has its address, and nothing listens there before its `start`. */
export async function startRabbit(
  { isAway = false }: { readonly isAway?: boolean } = {},
): Promise<RabbitServer> {
  if (!isThere) throw new Error(`Cannot start RabbitMQ: it is missing: ${CURE}`);
  const folder = mkdtempSync(join(tmpdir(), "chatloom-rabbit-"));
  const [port = 0, distPort = 0, epmdPort = 0] = await freePorts(3);
  const env = environmentIn(folder, { port, distPort, epmdPort });
  // The broker would start one that stays behind.
  const epmd = spawn("epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], {
    env,
    stdio: "ignore",
  });
  let server: ChildProcess | undefined;
  const start = async () => {
    const endMs = Date.now() + START_MAX_MS;
    while (Date.now() < endMs) {
      // A group of its own: its shell, the machine, and what that starts are ended together.
      const child = spawn(join(PROGRAMS, "rabbitmq-server"), [], {
        env,
        stdio: "ignore",
        detached: true,
      });
      server = child;
      const isUp = await answers(port, { child, endMs });
      if (isUp) return;
    }
    throw new Error(`Cannot start RabbitMQ: look at ${join(folder, "log")}`);
  };
  const signalGroup = (signal: NodeJS.Signals) => {
    if (server?.pid !== undefined && server.exitCode === null && server.signalCode === null) {
      signalIfThere(-server.pid, signal);
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const child = server;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    signalGroup(signal);
    await gone;
  };
  const onExit = () => {
    signalGroup("SIGKILL");
    epmd.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  process.on("exit", onExit);
  if (!isAway) await start();
  return {
    url: `amqp://127.0.0.1:${port}/%2f`,
    get pid() {
      return server!.pid!;
    },
    kill: () => end("SIGKILL"),
    freeze: (isFrozen) => signalGroup(isFrozen ? "SIGSTOP" : "SIGCONT"),
    start,
    async block(isBlocked) {
      const limit = isBlocked ? "0.0000001" : "0.8";
      await run(join(PROGRAMS, "rabbitmqctl"), ["set_vm_memory_high_watermark", limit], env);
    },
    async close() {
      await end("SIGKILL"); // Nothing of it is kept.
      epmd.kill("SIGKILL");
      process.removeListener("exit", onExit);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

function environmentIn(
  folder: string,
  { port, distPort, epmdPort }: Record<"port" | "distPort" | "epmdPort", number>,
): NodeJS.ProcessEnv {
  const at = (name: string) => join(folder, name);
  mkdirSync(at("home"));
  writeFileSync(
    at("rabbitmq.conf"),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      "log.file.level = warning",
      "disk_free_limit.absolute = 50MB",
      "vm_memory_high_watermark.relative = 0.8",
    ].join("\n"),
  );
  writeFileSync(at("plugins"), "[].");
  return {
    ...process.env,
    HOME: at("home"),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_NODENAME: `t${port}@localhost`,
    RABBITMQ_MNESIA_BASE: at("db"),
    RABBITMQ_LOG_BASE: at("log"),
    RABBITMQ_PID_FILE: at("pid"),
    RABBITMQ_CONFIG_FILE: at("rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: at("plugins"),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
  };
}

/** Whether a broker answers a wrong greeting with its version, before `child` ends. */
async function answers(
  port: number,
  { child, endMs }: { readonly child: ChildProcess; readonly endMs: number },
): Promise<boolean> {
  while (Date.now() < endMs && child.exitCode === null && child.signalCode === null) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("WHO?WHO?"));
      socket.once("data", (data) => {
        socket.destroy();
        resolve(new TextDecoder().decode(data).startsWith("AMQP"));
      });
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
    });
    if (isUp) return true;
    await sleep(50); // It says nothing when it is ready: there is only asking.
  }
  return false;
}

async function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(file, args, { env, stdio: "ignore" });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`Cannot run ${file} ${args.join(" ")}: exit code ${code}`);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone by itself.
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map((server) =>
    new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    })
  ));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
