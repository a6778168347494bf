import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import process from "node:process";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseListenAddress } from "../../adapters/http/listen_address.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Access } from "../../engine/api/gate/access.ts";

/** Who has access, as flags say. */
export interface AccessFlags {
  /** Readers must send the token in this file. */
  readonly tokenFile?: string | undefined;
  /** Metrics collectors must send the token in this file. */
  readonly metricsTokenFile?: string | undefined;
  /** Any caller may see the metrics. */
  readonly openMetrics?: boolean;
  /** The token in this file opens /metrics and /debug, and changes the log level. */
  readonly operatorTokenFile?: string | undefined;
}

/** How a node stands in its network, as flags say. */
export interface NetworkFlags {
  /** Where /metrics and /debug need no token: on loopback only. */
  readonly operatorListen?: string;
  /** Proxies that are trusted about the addresses of clients. */
  readonly trustProxy?: readonly string[];
}

/** What log routes answer, as flags say. */
export interface LogFlags {
  /** Where rustlog and justlog differ, whose form answers have. */
  readonly api: "rustlog" | "justlog";
  readonly nameHistory?: boolean;
  readonly crossChannelSearch?: boolean;
  /** Whether an index is kept. */
  readonly index: boolean;
}

const READ_TOKEN_VARIABLE = "CHATLOOM_READ_TOKEN";
const OPERATOR_TOKEN_VARIABLE = "CHATLOOM_OPERATOR_TOKEN";
/** The variable that may hold the key for changing the recorded channels. */
export const ADMIN_KEY_VARIABLE = "CHATLOOM_ADMIN_KEY";
const METRICS_TOKEN_VARIABLE = "CHATLOOM_METRICS_TOKEN";

/** Adds {@link AccessFlags} to a verb. */
export function addAccessFlags(command: Command): Command {
  return command
    .option(
      "--token-file <file>",
      `let only readers in who send the token in this file, or in $${READ_TOKEN_VARIABLE}`,
    )
    .option(
      "--metrics-token-file <file>",
      `the same for /metrics, or $${METRICS_TOKEN_VARIABLE}`,
    )
    .option("--open-metrics", "let any caller see /metrics");
}

/** Adds {@link NetworkFlags} and the operator's token to a verb. */
export function addNetworkFlags(command: Command): Command {
  return command
    .option(
      "--operator-listen <address>",
      "answer /metrics and /debug without a token at this address of this machine",
      parseOperatorListenFlag,
    )
    .option(
      "--operator-token-file <file>",
      `the token for /metrics, /debug and changing the log level, or $${OPERATOR_TOKEN_VARIABLE}`,
    )
    .option(
      "--trust-proxy <address>",
      "count clients by X-Forwarded-For of this proxy, or of any on this machine (loopback); " +
        "may be given several times",
      collectProxy,
    );
}

/** Adds {@link LogFlags} to a verb. */
export function addLogFlags(command: Command): Command {
  return command
    .addOption(
      new Option("--api <name>", "answer requests for logs as this server does where they differ")
        .choices(["rustlog", "justlog"]).default("rustlog"),
    )
    .option("--name-history", "tell the former logins of a user at /namehistory")
    .option("--cross-channel-search", "search several channels at once at /search")
    .option("--no-index", "keep no index: questions about logs read the files, which takes longer");
}

function collectProxy(text: string, before: readonly string[] = []): readonly string[] {
  if (text !== "loopback" && isIP(text) === 0) {
    throw new InvalidArgumentError("It must be an IP address or loopback.");
  }
  return [...before, text];
}

/** Checks an address to listen on that only this machine can reach. */
function parseOperatorListenFlag(text: string): string {
  const { hostname } = parseListenAddress(parseListenFlag(text));
  if (!/^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(hostname)) {
    throw new InvalidArgumentError("It must be an address of this machine, as 127.0.0.1:9090.");
  }
  return text;
}

/**
 * Who has access by these flags and the environment.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when a token file cannot be read or holds no token.
 */
export async function readAccess(flags: AccessFlags): Promise<Partial<Access>> {
  const read = await readToken(flags.tokenFile, READ_TOKEN_VARIABLE);
  const metrics = await readToken(flags.metricsTokenFile, METRICS_TOKEN_VARIABLE);
  const token = await readToken(flags.operatorTokenFile, OPERATOR_TOKEN_VARIABLE);
  const operator = { kind: "operator", token } as const;
  return {
    operator,
    metrics: operator,
    ...(read === undefined ? {} : { readers: { kind: "token", token: read } }),
    ...(flags.openMetrics === true ? { metrics: { kind: "open" } } : {}),
    ...(metrics === undefined ? {} : { metrics: { kind: "token", token: metrics } }),
  };
}

/**
 * The key with which callers may change the recorded channels; none without a file and a variable.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the file cannot be read or holds no key.
 */
export async function readAdminKey(path: string | undefined): Promise<string | undefined> {
  return await readToken(path, ADMIN_KEY_VARIABLE);
}

async function readToken(path: string | undefined, variable: string): Promise<string | undefined> {
  if (path === undefined && process.env[variable] === undefined) return undefined;
  const where = path === undefined ? `$${variable}` : `"${path}"`;
  let text = process.env[variable] ?? "";
  if (path !== undefined) {
    text = await readFile(path, "utf8").catch((cause: unknown) => {
      throw new ChatloomError("INPUT_UNREADABLE", `Cannot read the token in ${where}`, { cause });
    });
  }
  const token = text.trim();
  // An empty token would let every caller in that sends an empty one.
  if (!/^[\x21-\x7e]{8,1024}$/.test(token)) {
    throw new ChatloomError(
      "INPUT_UNREADABLE",
      `Cannot use the token in ${where}: it must be 8 or more letters, digits or signs`,
    );
  }
  return token;
}

/**
 * Checks an address to listen on.
 *
 * @throws {InvalidArgumentError} when it is none.
 */
export function parseListenFlag(text: string): string {
  try {
    parseListenAddress(text);
  } catch {
    throw new InvalidArgumentError("It must look like 127.0.0.1:8080.");
  }
  return text;
}
