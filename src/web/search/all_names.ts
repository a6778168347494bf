import { h, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { KnownNames } from "../../adapters/browser/node/json/person_json.ts";
import { words } from "../words/words.ts";
import type { Library } from "../state/library.ts";

/** How a search reads the name of a user. */
export interface ReadName {
  /** As a filter names users. */
  readonly user: string;
  /** Tells of the user's other names, if they are searched or could be. */
  readonly note: JSX.Element | undefined;
}

/** Reads a login as all names of its user, where the node tells them and the reader does not want the one alone. */
export function useAllNames(library: Library, channel: string, asked: string): ReadName {
  const login = asked.trim().replace(/^@/, "").toLowerCase();
  const [known, setKnown] = useState<KnownNames | undefined>();
  const [isOneWanted, setOneWanted] = useState(false);
  useEffect(() => {
    setKnown(undefined);
    setOneWanted(false);
    if (!library.isNode || !/^\w{1,25}$/.test(login)) return;
    const controller = new AbortController();
    const { signal } = controller;
    library.call("namesOf", { channel, user: login }, { signal }).then(setKnown).catch(() => {
      // The one name is searched.
    });
    return () => controller.abort();
  }, [channel, login, library.isNode]);
  if (known === undefined || known.names.length < 2) return { user: asked, note: undefined };
  const names = known.names.map((name) => name.login).join(", ");
  const { namesKnown, namesSearched, allNames, onlyName } = words.value.search;
  const note = h(
    "p",
    { class: "hint" },
    isOneWanted ? namesKnown(login, names) : namesSearched(login, names),
    h(
      "button",
      { type: "button", class: "quiet", onClick: () => setOneWanted(!isOneWanted) },
      isOneWanted ? allNames : onlyName(login),
    ),
  );
  return { user: isOneWanted ? asked : `id:${known.id},${login}`, note };
}
