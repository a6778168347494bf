import { type ArchiveKey, formatArchiveKey } from "../../src/core/archive/archive_key.ts";
import { someBytes } from "../../src/testing/suites/suite.ts";

/** A key for tests. Equal arguments, equal key: `n` stands for the digest. */
export function keyOf(
  n: number,
  { channel = "forsen", minute = 0 }: { readonly channel?: string; readonly minute?: number } = {},
): ArchiveKey {
  const minuteUs = Date.UTC(2026, 7, 1, 12, minute) * 1000;
  return formatArchiveKey({ kind: "batch", channel, minuteUs, digest: someBytes(32, n * 2 + 1) });
}
