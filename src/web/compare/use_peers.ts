import { useEffect, useState } from "preact/hooks";
import { reasonOf } from "../state/archives_state.ts";
import type { Library } from "../state/library.ts";

/** The peers that a node can be compared with. */
export interface KnownPeers {
  /** `undefined` until the node has told; none of files, and of nodes that do not tell. */
  readonly names: readonly string[] | undefined;
  /** Why the node did not answer. */
  readonly failure: string | undefined;
}

const ASKING: KnownPeers = { names: undefined, failure: undefined };
const NONE: KnownPeers = { names: [], failure: undefined };

/** Asks the node for its peers. */
export function usePeers(library: Library): KnownPeers {
  const [peers, setPeers] = useState(ASKING);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    library.call("peers", undefined, { signal }).then(
      (names) => setPeers({ names, failure: undefined }),
      (error) => {
        if (!signal.aborted) setPeers({ names: [], failure: reasonOf(error) });
      },
    );
    return () => controller.abort();
  }, [library.isNode, library.version.value]);
  return library.isNode ? peers : NONE;
}
