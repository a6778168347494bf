import { readdir } from "node:fs/promises";
import type { ErrorCode } from "../../../core/errors/errors.ts";
import { fileError, isAbsence } from "./file_errors.ts";

/**
 * The names in `folder`, in no order; none if there is no such folder.
 *
 * @throws {ChatloomError} `STORE_DENIED`, or `otherwise`.
 */
export async function namesIn(folder: string, otherwise: ErrorCode): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (isAbsence(cause)) return [];
    throw fileError(`list "${folder}"`, { cause, otherwise });
  }
}
