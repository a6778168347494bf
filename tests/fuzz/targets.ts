import { batchTarget } from "./batch_target.ts";
import { frameTarget } from "./frame_target.ts";
import { journalTarget } from "./journal_target.ts";
import { keyTarget } from "./key_target.ts";
import { lineTarget } from "./line_target.ts";
import type { FuzzTarget } from "./target.ts";

/** All targets, with the share of a run's cases that each gets. */
export const TARGETS: readonly { readonly target: FuzzTarget; readonly share: number }[] = [
  { target: lineTarget, share: 0.35 },
  { target: frameTarget, share: 0.15 },
  { target: batchTarget, share: 0.3 },
  { target: keyTarget, share: 0.1 },
  { target: journalTarget, share: 0.1 },
];
