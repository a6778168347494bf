import { h, type JSX } from "preact";
import { type EmoteSource, images } from "../../ui/settings.ts";

const OF_NODE: readonly (readonly [EmoteSource, string])[] = [
  ["off", "Emotes as words"],
  ["node", "Emotes from this node"],
  ["twitch", "From this node, else from Twitch"],
];
const OF_FILES: readonly (readonly [EmoteSource, string])[] = [
  ["off", "Emotes as words"],
  ["twitch", "Emotes from Twitch"],
];

/** Chooses where pictures of emotes come from. */
export function EmoteSetting({ isNode }: { readonly isNode: boolean }): JSX.Element {
  const choices = isNode ? OF_NODE : OF_FILES;
  const chosen = choices.some(([source]) => source === images.value) ? images.value : "off";
  return h(
    "select",
    {
      class: "emote-setting",
      "aria-label": "Pictures of emotes",
      title: chosen === "twitch"
        ? "Twitch sees your address when it is asked for a picture"
        : "Where pictures of emotes come from",
      value: chosen,
      onChange: (event: Event) =>
        void (images.value = (event.currentTarget as HTMLSelectElement).value as EmoteSource),
    },
    choices.map(([source, label]) => h("option", { key: source, value: source }, label)),
  );
}
