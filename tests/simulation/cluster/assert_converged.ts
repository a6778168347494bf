import assert from "node:assert/strict";
import {
  type ArchiveKey,
  batchKey,
  parseArchiveKey,
} from "../../../src/core/archive/archive_key.ts";
import { parseRedaction, type Redaction } from "../../../src/core/redaction/redaction.ts";
import { redactionMatcher } from "../../../src/core/redaction/redaction_matcher.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { parseEntry } from "../../../src/engine/journal/entry.ts";
import type { ClusterNode } from "./cluster_node.ts";
import type { ClusterWorld } from "./cluster_world.ts";
import { hasher } from "./node_disk.ts";
import { CHANNEL } from "./pace.ts";

/** What came of a world. */
export interface Convergence {
  /** Lines that recorders took. */
  readonly lines: number;
  readonly files: number;
  readonly redactions: number;
}

/** Checks that all archives are the same, and what the oracle says, to the byte. */
export async function assertConverged(world: ClusterWorld): Promise<Convergence> {
  for (const node of world.nodes) assertJournaled(node);
  const archives = await Promise.all(world.nodes.map(({ disk }) => disk.files()));
  const { files, redactions } = oracle(world, archives);
  for (const key of world.promised) assert.ok(files.has(key), `the order ${key} is gone`);
  for (const [i, archive] of archives.entries()) {
    const { name } = world.nodes[i]!;
    const { coverage, rest } = partition(archive);
    assert.deepEqual(rest, files, `${name} differs from the oracle`);
    assert.deepEqual(coverage, partition(archives[0]!).coverage, `${name} has other coverage`);
  }
  const lines = world.nodes.reduce(
    (sum, { heard }) => sum + [...heard.values()].flat().length,
    0,
  );
  return { lines, files: files.size, redactions };
}

/** What the oracle says nothing about, and what it does. */
function partition(archive: ReadonlyMap<ArchiveKey, string>) {
  const isCoverage = ([key]: readonly [ArchiveKey, string]) =>
    parseArchiveKey(key)?.kind === "coverage";
  const files = [...archive];
  return {
    coverage: new Map(files.filter(isCoverage)),
    rest: new Map(files.filter((file) => !isCoverage(file))),
  };
}

/** All files there should be: the normal form of all that was journaled, without what is forgotten. */
function oracle(
  world: ClusterWorld,
  archives: readonly ReadonlyMap<ArchiveKey, string>[],
): { files: Map<ArchiveKey, string>; redactions: number } {
  const all = new SightingSet();
  for (const { disk } of world.nodes) disk.addTapes(all);
  const orders = new Map(
    archives.flatMap((archive) =>
      [...archive].filter(([key]) => parseArchiveKey(key)?.kind === "redaction")
    ),
  );
  const redactions: Redaction[] = [...orders.values()].map((text) => {
    const parsed = parseRedaction(new TextEncoder().encode(text));
    assert.ok(parsed.ok);
    return parsed.redaction;
  });
  if (redactions.length > 0) all.drop(redactionMatcher(redactions));
  const files = [...all.encodeMinutes()].map(([timeUs, bytes]) => {
    const key = batchKey(CHANNEL, { timeUs, digest: hasher.digest(bytes) });
    return [key, new TextDecoder().decode(bytes)] as const;
  });
  const sorted = [...files, ...orders].sort(([a], [b]) => a < b ? -1 : 1);
  return { files: new Map(sorted), redactions: orders.size };
}

/** What a recorder has taken was journaled first, line by line. */
function assertJournaled({ name, disk, heard }: ClusterNode): void {
  const journaled = new Map<string, string[]>();
  for (const [run, tape] of disk.journals.runs) {
    for (const text of tape.split("\n")) {
      const entry = parseEntry(text);
      if (entry?.kind !== "line") continue;
      const receiver = `${run}.${entry.n}`;
      const lines = journaled.get(receiver);
      if (lines === undefined) journaled.set(receiver, [entry.line]);
      else lines.push(entry.line);
    }
  }
  for (const [receiver, lines] of heard) {
    const tape = journaled.get(receiver)?.slice(0, lines.length);
    assert.deepEqual(tape, lines, `${name}: the journal of ${receiver} lacks a line`);
  }
}
