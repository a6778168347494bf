import { splitBatch } from "../../core/batch/batch.ts";
import {
  type ManifestEntry,
  type ManifestHead,
  parseEntry,
  parseHead,
  signedText,
} from "../../core/manifest/manifest.ts";
import { MerkleRoot } from "./merkle_root.ts";
import { areBytesEqual } from "../../core/bytes.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { SignatureCheck } from "../../ports/crypto/signer.ts";

/** A manifest whose signature and root are right. */
export interface OpenedManifest {
  /** What was signed. */
  readonly head: ManifestHead;
  /** What it lists. */
  readonly entries: readonly ManifestEntry[];
}

const UTF8 = new TextEncoder();

/** Reads a manifest and checks its root and signature; says why not in words if it does not hold. */
export async function openManifest(
  bytes: Uint8Array,
  { hasher, checkSignature }: { readonly hasher: Hasher; readonly checkSignature: SignatureCheck },
): Promise<{ readonly ok: true; readonly manifest: OpenedManifest } | ManifestFault> {
  let lines: string[];
  try {
    lines = splitBatch(bytes);
  } catch {
    return fault("it is no text of whole lines: it may have been cut off");
  }
  const signed = parseHead(lines.pop() ?? "");
  if (signed === undefined) return fault("its last line is no signed head of a manifest");
  const { head, signature } = signed;
  const { publicKey } = head;
  if (!await checkSignature(UTF8.encode(signedText(head)), { publicKey, signature })) {
    return fault("its signature does not belong to its last line");
  }
  const tree = new MerkleRoot((leaf) => hasher.digest(leaf));
  const entries: ManifestEntry[] = [];
  for (const [i, line] of lines.entries()) {
    const entry = parseEntry(line);
    if (entry === undefined) return fault(`line ${i + 1} is no entry of a manifest`);
    await tree.add(UTF8.encode(line));
    entries.push(entry);
  }
  if (tree.count !== head.entryCount || !areBytesEqual(await tree.root(), head.root)) {
    return fault("its lines are not those that were signed");
  }
  return { ok: true, manifest: { head, entries } };
}

/** Why a manifest does not hold. */
export interface ManifestFault {
  readonly ok: false;
  readonly reason: string;
}

function fault(reason: string): ManifestFault {
  return { ok: false, reason };
}
