import { h, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Span } from "../reading/chat_archive.ts";
import type { Library } from "../state/library.ts";
import { words } from "../words/words.ts";
import { ComparedHours } from "./compared_hours.ts";
import { useComparison } from "./use_comparison.ts";

/** Compares a year of a channel with one of the node's peers: which has what the other lacks. */
export function PeerComparison({ library, channel, span }: {
  readonly library: Library;
  readonly channel: string;
  readonly span: Span;
}): JSX.Element | null {
  const peers = usePeers(library);
  const [peer, choose] = useState("");
  const found = useComparison(library, { channel, peer, ...span });
  if (peers.length === 0) return null;
  const told = words.value.compare;
  const { hours, equalHours, isRunning, failure } = found;
  return h(
    "section",
    { class: "peer-compare", "aria-labelledby": "peer-compare-title" },
    h("h2", { id: "peer-compare-title" }, told.heading),
    h("label", null, [
      h("span", { class: "hint" }, `${told.peer} `),
      h(
        "select",
        {
          value: peer,
          onChange: (event: Event) => choose((event.currentTarget as HTMLSelectElement).value),
        },
        h("option", { value: "" }, told.none),
        peers.map((name) => h("option", { key: name, value: name, class: "peer-name" }, name)),
      ),
    ]),
    peer !== "" && h(
      "p",
      { role: "status", class: failure === undefined ? "hint" : "bad" },
      failure ??
        (isRunning
          ? told.comparing(equalHours + hours.length)
          : told.found(hours.length, equalHours)),
    ),
    hours.length > 0 && h(ComparedHours, { hours }),
  );
}

/** The peers of the node; none of files, and of nodes that do not tell. */
function usePeers(library: Library): readonly string[] {
  const [peers, setPeers] = useState<readonly string[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    library.call("peers", undefined, { signal }).then(setPeers).catch(() => setPeers([]));
    return () => controller.abort();
  }, [library.isNode, library.version.value]);
  return library.isNode ? peers : [];
}
