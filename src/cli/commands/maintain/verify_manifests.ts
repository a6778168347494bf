import { FILE_MAX_BYTES } from "../../../adapters/file_system/file_system_store.ts";
import { checkEd25519 } from "../../../adapters/signatures/ed25519.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import { checkManifest } from "../../../engine/manifest/check_manifest.ts";
import { openManifest } from "../../../engine/manifest/open_manifest.ts";
import type { ReadMinutesOptions } from "../../../engine/read/read_minutes.ts";
import type { Finding } from "../../../engine/verify/finding.ts";
import { readInput } from "../../arguments/input_file.ts";

/** What the check of one manifest found. */
export interface CheckedFile {
  /** The manifest's file. */
  readonly name: string;
  readonly findings: readonly Finding[];
  /** Files that it lists. */
  readonly files: number;
  /** Messages that it lists. */
  readonly messages: number;
}

/** How {@link manifestFindings} checks. */
export interface ManifestCheckOptions extends ReadMinutesOptions {
  /** Aborts reading. */
  readonly signal: AbortSignal;
  /** The key that must have signed, in base64url. @default any: then whose it is, is logged */
  readonly publicKey: string | undefined;
}

/**
 * Checks manifests, each against its day.
 *
 * @throws {ChatloomError} when a file cannot be read, or the store fails.
 */
export async function* manifestFindings(
  paths: readonly string[],
  options: ManifestCheckOptions,
): AsyncGenerator<CheckedFile, void> {
  const { hasher, signal, publicKey, reporter } = options;
  for (const name of paths) {
    const bytes = await readInput(name, { maxBytes: FILE_MAX_BYTES, signal });
    const opened = await openManifest(bytes, { hasher, checkSignature: checkEd25519 });
    const signedBy = opened.ok ? toDigestText(opened.manifest.head.publicKey) : "";
    const fault = !opened.ok
      ? opened.reason
      : publicKey !== undefined && publicKey !== signedBy
      ? `it is signed with another key: ${signedBy}`
      : undefined;
    if (!opened.ok || fault !== undefined) {
      const finding: Finding = { kind: "manifest-invalid", path: name, reason: fault ?? "" };
      yield { name, findings: [finding], files: 0, messages: 0 };
      continue;
    }
    if (publicKey === undefined) {
      reporter.report("info", "A manifest is signed; compare the key", { name, signedBy });
    }
    const findings: Finding[] = [];
    const check = checkManifest(opened.manifest, options);
    let step = await check.next();
    for (; !step.done; step = await check.next()) findings.push(step.value);
    yield { name, findings, ...step.value };
  }
}
