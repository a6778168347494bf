import { h, type JSX } from "preact";
import { useState } from "preact/hooks";
import { go } from "./route.ts";
import { words } from "../words/words.ts";

/** More channels than this are found by typing: a list of hundreds is no choice. */
const LISTED_MAX = 30;

/** Picks another channel: from a list, or by typing where there are many. */
export function ChannelPicker({ channels, channel }: {
  readonly channels: readonly string[];
  readonly channel: string;
}): JSX.Element {
  const pick = (name: string): void => go({ channel: name, atUs: undefined, untilUs: undefined });
  if (channels.length > LISTED_MAX) {
    return h(TypedChannel, { key: channel, channels, channel, pick });
  }
  return h(
    "select",
    {
      class: "channel",
      "aria-label": words.value.app.channel,
      value: channel,
      onChange: (event: Event) => pick((event.currentTarget as HTMLSelectElement).value),
    },
    channels.map((name) => h("option", { key: name, value: name }, name)),
  );
}

/** The login that a reader means, however it is typed: `#Forsen`, `@forsen`. */
export function typedChannel(text: string): string {
  return text.trim().toLowerCase().replace(/^[#@]/, "");
}

const SUGGESTED_MAX = 20;

function TypedChannel({ channels, channel, pick }: {
  readonly channels: readonly string[];
  readonly channel: string;
  readonly pick: (name: string) => void;
}): JSX.Element {
  const [typed, setTyped] = useState(channel);
  const wanted = typedChannel(typed);
  const isKnown = channels.includes(wanted);
  return h(
    "span",
    { class: "channel-typed" },
    h("input", {
      class: "channel",
      type: "search",
      "aria-label": words.value.app.channelOf(channels.length),
      list: "channels",
      autoCapitalize: "none",
      spellcheck: false,
      value: typed,
      "aria-invalid": isKnown ? undefined : "true",
      onFocus: (event: Event) => (event.currentTarget as HTMLInputElement).select(),
      onInput: (event: Event) => setTyped((event.currentTarget as HTMLInputElement).value),
      onChange: () => isKnown && pick(wanted),
    }),
    h(
      "datalist",
      { id: "channels" },
      suggested(channels, wanted).map((name) => h("option", { key: name, value: name })),
    ),
  );
}

/** Channels whose names begin with what was typed, then those that contain it. */
function suggested(channels: readonly string[], wanted: string): readonly string[] {
  const begins = channels.filter((name) => name.startsWith(wanted));
  const contains = channels.filter((name) => name.includes(wanted) && !name.startsWith(wanted));
  return [...begins, ...contains].slice(0, SUGGESTED_MAX);
}
