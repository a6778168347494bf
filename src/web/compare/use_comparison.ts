import { useEffect, useState } from "preact/hooks";
import type { ComparedPart, PeerHour } from "../../adapters/browser/node/json/compare_json.ts";
import type { Micros } from "../../core/time.ts";
import type { PeerRequest } from "../reading/page_calls.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { Library } from "../state/library.ts";

/** What a comparison found so far. */
export interface FoundDifferences {
  /** Hours that differ, latest first. */
  readonly hours: readonly PeerHour[];
  /** How many hours are the same. */
  readonly equalHours: number;
  /** All hours from this one on are compared. */
  readonly comparedFromUs: Micros;
  readonly isRunning: boolean;
  readonly failure: string | undefined;
}

const NOTHING: FoundDifferences = {
  hours: [],
  equalHours: 0,
  comparedFromUs: Infinity,
  isRunning: true,
  failure: undefined,
};

/** Compares a channel with a peer, part by part; nothing without a peer. */
export function useComparison(
  library: Library,
  { channel, peer, fromUs, untilUs }: Omit<PeerRequest, "peer"> & {
    readonly peer: string | undefined;
  },
): FoundDifferences {
  const version = library.version.value;
  const asked = JSON.stringify([channel, peer, fromUs, untilUs, version]);
  const [last, setLast] = useState({ asked, found: NOTHING });
  useEffect(() => {
    if (peer === undefined) return;
    const controller = new AbortController();
    const { signal } = controller;
    let found = NOTHING;
    const tell = (more: Partial<FoundDifferences>): void => {
      if (signal.aborted) return;
      found = { ...found, ...more };
      setLast({ asked, found });
    };
    tell({});
    const onProgress = ({ hours, equalHours, nextUs = fromUs }: ComparedPart): void =>
      tell({
        hours: [...found.hours, ...hours],
        equalHours: found.equalHours + equalHours,
        comparedFromUs: Math.min(found.comparedFromUs, nextUs),
      });
    library.call("comparePeer", { channel, peer, fromUs, untilUs }, { signal, onProgress }).then(
      () => tell({ isRunning: false }),
      (error) => tell({ isRunning: false, failure: reasonOf(error) }),
    );
    return () => controller.abort();
  }, [asked]);
  // Of another request nothing is shown, not even for one frame.
  return last.asked === asked ? last.found : NOTHING;
}
