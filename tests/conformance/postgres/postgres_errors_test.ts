import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isDisconnection,
  isTransient,
  postgresError,
} from "../../../src/adapters/postgres/connection/postgres_errors.ts";
import type { ErrorCode } from "../../../src/core/errors/errors.ts";

function failure(code: string, message = "as the server says"): Error {
  return Object.assign(new Error(message), code === "" ? {} : { code });
}

test("postgresError translates what the server and the runtime say", () => {
  const wanted: readonly (readonly [string, ErrorCode])[] = [
    ["53100", "STORE_FULL"],
    ["42501", "STORE_DENIED"],
    ["28P01", "STORE_DENIED"],
    ["28001", "STORE_DENIED"],
    ["25006", "STORE_DENIED"],
    ["3D000", "INPUT_UNREADABLE"],
    ["57014", "STORE_IO"],
    ["XX000", "STORE_IO"],
    ["ECONNREFUSED", "STORE_IO"],
    ["constructor", "STORE_IO"],
    ["", "STORE_IO"],
  ];
  for (const [code, expected] of wanted) {
    const cause = failure(code);
    const error = postgresError("read", cause);
    assert.equal(error.code, expected, code);
    assert.equal(error.cause, cause);
    assert.match(error.message, /^Cannot read: ./);
  }
  const known = postgresError("read", failure("53100"));
  assert.equal(postgresError("write", known), known, "it is translated once");
});

test("isTransient tells what trying again can cure", () => {
  const transient = ["40001", "40P01", "57P01", "57P03", "08006", "53300", "ECONNRESET", "ENOENT"];
  for (const code of transient) assert.equal(isTransient(failure(code)), true, code);
  const lasting = ["53100", "42501", "57014", "23514", "XX001", "ENOTFOUND", "ERR_SOCKET_BAD_PORT"];
  for (const code of lasting) assert.equal(isTransient(failure(code)), false, code);
  const refused = new AggregateError([failure("ECONNREFUSED")]);
  assert.equal(isTransient(refused), true, "all addresses of a host refused");
  assert.equal(isTransient(failure("", "Connection terminated unexpectedly")), true);
  assert.equal(isTransient(undefined), false);
});

test("isDisconnection spares a connection whose statement failed", () => {
  for (const code of ["40001", "23505", "53100", "57014"]) {
    assert.equal(isDisconnection(failure(code)), false, code);
  }
  for (const code of ["57P01", "08003", "EPIPE"]) {
    assert.equal(isDisconnection(failure(code)), true);
  }
  assert.equal(isDisconnection(failure("", "Query read timeout")), true);
});
