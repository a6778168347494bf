import { ChatloomError, type ErrorCode } from "../../../core/errors/errors.ts";

// What the server says (SQLSTATE, appendix A of PostgreSQL's manual) or the runtime, and what to do about it.
const EXPLANATIONS: { readonly [code: string]: readonly [ErrorCode, string] } = {
  "53100": ["STORE_FULL", "the database's disk is full (53100): make room there"],
  "42501": ["STORE_DENIED", "the database's role lacks the right (42501): grant it"],
  "25006": ["STORE_DENIED", "the database is read-only (25006): connect to the primary server"],
  "28000": ["STORE_DENIED", "the database refuses this user (28000): look at its pg_hba.conf"],
  "28P01": ["STORE_DENIED", "the database refuses the password (28P01): check PGPASSWORD"],
  "57014": ["STORE_IO", "the statement took too long (57014): the database is overloaded"],
  "3D000": ["INPUT_UNREADABLE", "there is no such database (3D000): make it with createdb"],
  "42P01": ["INPUT_UNREADABLE", "there is no archive in this schema (42P01)"],
  "3F000": ["INPUT_UNREADABLE", "there is no archive in this database (3F000)"],
  ECONNREFUSED: ["STORE_IO", "no database listens there (ECONNREFUSED): start it"],
  ENOTFOUND: ["STORE_IO", "the database's host has no address (ENOTFOUND): check its name"],
  ETIMEDOUT: ["STORE_IO", "the database does not answer (ETIMEDOUT)"],
};

/** The SQLSTATE of the server, or the runtime's short name of what went wrong; empty if there is none. */
export function codeOf(error: unknown): string {
  // Node tries all addresses of a host, and reports the failures together.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const { code } = (first ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

const TRANSIENT: ReadonlySet<string> = new Set([
  ...["40001", "40P01"], // Not serialisable, deadlock: the statement did nothing.
  ...["57P01", "57P02", "57P03", "57P05"], // Shut down, crashed, starting, idle too long.
  ...["53300", "55P03"], // Too many connections; a lock that is not to be had in time.
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EAI_AGAIN"],
  ...["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "ENOTCONN"],
]);

// What the client says of a broken connection without a code (pg 8.23).
const BROKEN =
  /^(Connection terminated|Client has encountered|Client was closed|Query read timeout|timeout)/i;

/** Whether `error` says that the connection is broken, so that it cannot be used again. */
export function isDisconnection(error: unknown): boolean {
  const code = codeOf(error);
  if (/^08/.test(code) || /^57P0/.test(code) || /^E(?!RR_)[A-Z]/.test(code)) return true;
  return code === "" && error instanceof Error && BROKEN.test(error.message);
}

/** Whether the same statement may succeed when it is tried again. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(codeOf(error)) || isDisconnection(error) && codeOf(error) !== "ENOTFOUND";
}

/**
 * Whether a failed call says that the database is not there now, and not that anything is wrong with it. A host
 * without an address counts: a container that is stopped has none.
 */
export function isAway(error: unknown): error is ChatloomError {
  if (!(error instanceof ChatloomError)) return false;
  return isTransient(error.cause) || isUnknownHost(error);
}

/** Whether what a failed call says of the database may be over later, without a change here. */
export function mayPass(error: unknown): error is ChatloomError {
  return isAway(error) || error instanceof ChatloomError && error.code === "STORE_FULL";
}

/** Whether the database's host has no address. */
export function isUnknownHost({ cause }: ChatloomError): boolean {
  return codeOf(cause) === "ENOTFOUND";
}

/** Whether the server says that what it read is damaged: the verdict is on that row alone. */
export function isDamage(error: unknown): boolean {
  return codeOf(error) === "XX001" || codeOf(error) === "XX002";
}

/** The client's `cause` as an error of chatloom's. `attempt` goes on from "Cannot". */
export function postgresError(attempt: string, cause: unknown): ChatloomError {
  if (cause instanceof ChatloomError) return cause;
  const [code, found] = explain(cause);
  return new ChatloomError(code, `Cannot ${attempt}: ${found}`, { cause });
}

function explain(cause: unknown): readonly [ErrorCode, string] {
  const code = codeOf(cause);
  const known = Object.hasOwn(EXPLANATIONS, code) ? EXPLANATIONS[code] : undefined;
  if (known !== undefined) return known;
  if (code.startsWith("28")) return ["STORE_DENIED", `the database refuses the login (${code})`];
  if ((cause as Error | undefined)?.name === "NotCapable") {
    return ["STORE_DENIED", "the runtime was started without the permission for it"];
  }
  const said = cause instanceof Error ? cause.message || cause.name : String(cause);
  return ["STORE_IO", code === "" ? `the database: ${said}` : `the database: ${said} (${code})`];
}
