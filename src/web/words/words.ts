import { computed, effect, type ReadonlySignal, type Signal } from "@preact/signals";
import { kept } from "../kept/kept.ts";
import { bracketed } from "./bracketed.ts";
import { ENGLISH, type Words } from "./english.ts";
import { GERMAN } from "./german.ts";

/** A language of the page; `en-XA` shows which texts stand in the catalogue, for translators and tests. */
export type Language = "en" | "de" | "en-XA";

/** The language that was chosen. `auto` follows the browser. */
export const chosenLanguage: Signal<Language | "auto"> = kept("language", [
  "auto",
  "en",
  "de",
  "en-XA",
]);

/** The languages that readers choose from. */
export const LANGUAGES: Readonly<Record<Exclude<Language, "en-XA">, Words>> = {
  en: ENGLISH,
  de: GERMAN,
};

/** The language of the page: the reader's choice, or else the first of the browser's that there is. */
export const language: ReadonlySignal<Language> = computed(() => {
  const { value } = chosenLanguage;
  return value === "auto" ? firstKnown(navigator.languages) : value;
});

/** All texts of the page, in its language. What reads them while it draws follows a change. */
export const words: ReadonlySignal<Words> = computed(() =>
  language.value === "en-XA" ? bracketed() : LANGUAGES[language.value]
);

/** The first of these tags, as `de-AT`, whose language the page has; English if none is. */
function firstKnown(tags: readonly string[]): Language {
  for (const tag of tags) {
    const [base = ""] = tag.toLowerCase().split("-");
    if (Object.hasOwn(LANGUAGES, base)) return base as Language;
  }
  return "en";
}

/** Makes the document tell its language: for screen readers, hyphens and the browser's own fields. */
export function applyLanguage(): void {
  effect(() => {
    document.documentElement.lang = words.value.tag;
  });
}
