import { h, type JSX } from "preact";
import { type EmoteSource, images } from "../../ui/settings.ts";
import type { Words } from "../../words/english.ts";
import { words } from "../../words/words.ts";

type Choices = readonly (readonly [EmoteSource, keyof Words["message"]["emotes"]])[];
const OF_NODE: Choices = [["off", "off"], ["node", "ofNode"], ["twitch", "ofNodeOrTwitch"]];
const OF_FILES: Choices = [["off", "off"], ["twitch", "ofTwitch"]];

/** Chooses where pictures of emotes come from. */
export function EmoteSetting({ isNode }: { readonly isNode: boolean }): JSX.Element {
  const choices = isNode ? OF_NODE : OF_FILES;
  const chosen = choices.some(([source]) => source === images.value) ? images.value : "off";
  return h(
    "select",
    {
      class: "emote-setting",
      "aria-label": words.value.message.emotes.label,
      title: chosen === "twitch"
        ? words.value.message.emotes.twitchSees
        : words.value.message.emotes.where,
      value: chosen,
      onChange: (event: Event) =>
        void (images.value = (event.currentTarget as HTMLSelectElement).value as EmoteSource),
    },
    choices.map(([source, label]) =>
      h("option", { key: source, value: source }, words.value.message.emotes[label])
    ),
  );
}
