import { useEffect, useState } from "preact/hooks";
import type { PeerHour } from "../../adapters/browser/node_json/compare_json.ts";
import type { PeerRequest } from "../reading/page_calls.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { Library } from "../state/library.ts";

/** What a comparison found so far. */
export interface FoundDifferences {
  /** Hours that differ, latest first. */
  readonly hours: readonly PeerHour[];
  /** How many hours are the same. */
  readonly equalHours: number;
  readonly isRunning: boolean;
  readonly failure: string | undefined;
}

const NOTHING: FoundDifferences = {
  hours: [],
  equalHours: 0,
  isRunning: true,
  failure: undefined,
};

/** Compares a channel with a peer, part by part; nothing while `peer` is empty. */
export function useComparison(library: Library, request: PeerRequest): FoundDifferences {
  const [found, setFound] = useState(NOTHING);
  const { channel, peer, fromUs, untilUs } = request;
  useEffect(() => {
    setFound(NOTHING);
    if (peer === "") return;
    const controller = new AbortController();
    const { signal } = controller;
    const options = {
      signal,
      onProgress: ({ hours, equalHours }: Pick<FoundDifferences, "hours" | "equalHours">) =>
        setFound((before) => ({
          ...before,
          hours: [...before.hours, ...hours],
          equalHours: before.equalHours + equalHours,
        })),
    };
    library.call("comparePeer", { channel, peer, fromUs, untilUs }, options).then(
      () => setFound((before) => ({ ...before, isRunning: false })),
      (error) => {
        if (signal.aborted) return;
        setFound((before) => ({ ...before, isRunning: false, failure: reasonOf(error) }));
      },
    );
    return () => controller.abort();
  }, [channel, peer, fromUs, untilUs, library.version.value]);
  return found;
}
