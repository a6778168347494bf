import { ChatloomError } from "../../core/errors/errors.ts";

// Reply codes of AMQP 0-9-1 with which a broker says no for good, and the runtime's short names.
const EXPLANATIONS: { readonly [code: string]: string } = {
  403: "it refuses the user or the password (403)",
  404: "there is no such queue or exchange (404)",
  405: "another connection has it for itself (405)",
  406: "what is there was made with other arguments (406)",
  530: "there is no such virtual host, or the user may not use it (530)",
  ECONNREFUSED: "no broker listens there (ECONNREFUSED): start it",
  ENOTFOUND: "its host has no address (ENOTFOUND): check its name",
  ETIMEDOUT: "it does not answer (ETIMEDOUT)",
};

const REFUSALS: ReadonlySet<string> = new Set(["403", "404", "405", "406", "530"]);

/** What went wrong at a broker; `attempt` goes on from "Cannot". A refusal is told from an absence. */
export function amqpError(attempt: string, cause: unknown): ChatloomError {
  // Node tries all addresses of a host, and reports the failures together.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const said = first instanceof Error ? first.message || first.name : String(first);
  const { code } = (first ?? {}) as { code?: unknown };
  const name = codeIn(code, said);
  const isRefusal = REFUSALS.has(name);
  const explained = EXPLANATIONS[name];
  // The broker's own words name the queue and the argument that differs.
  const why = explained === undefined ? said : isRefusal ? `${explained}: ${said}` : explained;
  return new ChatloomError(
    isRefusal ? "STORE_REFUSED" : "STORE_UNREACHABLE",
    `Cannot ${attempt}: ${why}`,
    { cause },
  );
}

function codeIn(code: unknown, said: string): string {
  if (typeof code === "string" || typeof code === "number") return String(code);
  // A refused login comes without a code: 'Handshake terminated by server: 403 (ACCESS-REFUSED) …'.
  // A virtual host that is not there, or not for this user: the client drops the broker's words (2.3).
  if (/^Expected ConnectionOpenOk; got <ConnectionClose/.test(said)) return "530";
  return /\b(40[3456]|530) \([A-Z]/.exec(said)?.[1] ?? "";
}
