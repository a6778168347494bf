import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Context, createContext } from "preact";
import { useContext, useEffect, useMemo } from "preact/hooks";
import type { PictureName } from "../../../adapters/browser/node/json/word_emotes_json.ts";
import { Lru } from "../../../core/lru.ts";
import { DAY_US, type Micros } from "../../../core/time.ts";
import type { PageCalls } from "../../reading/page_calls.ts";
import type { RpcClient } from "../../rpc/rpc_client.ts";
import type { Library } from "../../state/library.ts";
import { images } from "../../ui/settings.ts";
import type { WordEmotes } from "./word_emotes.ts";

/** A picture: `missing` if the node has none, or does not tell. */
export type PictureState =
  | { readonly kind: "loading" | "missing" }
  | { readonly kind: "ready"; readonly url: string };

/** Where rows find their pictures. */
export interface PictureSource {
  /** The words that were pictures at the end of the day, in UTC, of a moment; `undefined` while they are not known. */
  words(atUs: Micros): ReadonlySignal<WordEmotes | undefined>;
  /** A picture. */
  picture(name: PictureName): ReadonlySignal<PictureState>;
  /** Those that are here, where others can be fetched. No picture of it is `missing`. */
  readonly fetched?: PictureSource;
}

const PICTURES_MAX = 1_000;
const DAYS_MAX = 16;
/** Browsers allow a node six connections; chat needs some of them. */
const AT_ONCE = 3;

/** The pictures of a channel on a node. They are fetched, not linked to, as some nodes want a token. */
class Pictures implements PictureSource {
  readonly #call: RpcClient<PageCalls>;
  readonly #channel: string;
  readonly #controller = new AbortController();
  readonly #pictures = new Lru<string, Signal<PictureState>>({
    countMax: PICTURES_MAX,
    onEvict: (_, evicted) => release(evicted.peek()),
  });
  readonly #words = new Lru<Micros, Signal<WordEmotes | undefined>>({ countMax: DAYS_MAX });
  /** Those asked for first come last: what is on screen now is more urgent. */
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  readonly fetched: PictureSource = {
    words: (atUs) => this.#words.get(atUs - atUs % DAY_US) ?? NO_PICTURES.words(atUs),
    picture: (name) => {
      const known = this.#pictures.get(keyOf(name));
      return known?.value.kind === "ready" ? known : NO_PICTURES.picture(name);
    },
  };

  /** Fetches by `call`, once they are asked for. */
  constructor(call: RpcClient<PageCalls>, channel: string) {
    this.#call = call;
    this.#channel = channel;
  }

  /** As {@link PictureSource.words}, fetched now. */
  words(atUs: Micros): ReadonlySignal<WordEmotes | undefined> {
    const dayUs = atUs - atUs % DAY_US;
    const known = this.#words.get(dayUs);
    if (known !== undefined) return known;
    const words = signal<WordEmotes | undefined>(undefined);
    this.#words.set(dayUs, words);
    const request = { channel: this.#channel, atUs: dayUs + DAY_US - 1 };
    this.#call("emotes", request, this.#controller).then(
      (emotes) => void (words.value = new Map(emotes.map((each) => [each.name, each]))),
      () => {}, // They stay words: asking again at each row would keep a failing node busy.
    );
    return words;
  }

  /** A picture, fetched now. */
  picture(name: PictureName): ReadonlySignal<PictureState> {
    const key = keyOf(name);
    const known = this.#pictures.get(key);
    if (known !== undefined) return known;
    const state = signal<PictureState>({ kind: "loading" });
    this.#pictures.set(key, state);
    this.#waiting.push(async () => {
      let blob: Blob | undefined;
      try {
        blob = await this.#call("picture", name, this.#controller);
      } catch {
        // As above: its word stands.
      }
      if (this.#controller.signal.aborted) return;
      state.value = blob === undefined
        ? { kind: "missing" }
        : { kind: "ready", url: URL.createObjectURL(blob) };
    });
    this.#runOn();
    return state;
  }

  /** Stops fetching, and frees the pictures. */
  close(): void {
    this.#controller.abort();
    this.#waiting.length = 0;
    for (const [, state] of this.#pictures.entries()) release(state.peek());
    this.#pictures.clear();
  }

  #runOn(): void {
    while (this.#running < AT_ONCE) {
      const next = this.#waiting.pop();
      if (next === undefined) return;
      this.#running++;
      void next().finally(() => {
        this.#running--;
        this.#runOn();
      });
    }
  }
}

function keyOf({ kind, id }: PictureName): string {
  return `${kind} ${id}`;
}

const UNKNOWN_WORDS = signal<WordEmotes | undefined>(undefined);
const UNKNOWN_PICTURE = signal<PictureState>({ kind: "loading" });

/** No pictures at all: every emote is a word. */
export const NO_PICTURES: PictureSource = {
  words: () => UNKNOWN_WORDS,
  picture: () => UNKNOWN_PICTURE,
};

function release(state: PictureState): void {
  if (state.kind === "ready") URL.revokeObjectURL(state.url);
}

/** The pictures of the node whose chat is shown, if it is a node's. */
export const PicturesContext: Context<PictureSource | undefined> = createContext<
  PictureSource | undefined
>(undefined);

/** The pictures of the node while the chat is the node's, for a view to provide. */
export function usePictures(library: Library, channel: string): PictureSource | undefined {
  const { isNode } = library;
  const pictures = useMemo(
    () => isNode ? new Pictures(library.call, channel) : undefined,
    [isNode, channel],
  );
  useEffect(() => () => pictures?.close(), [pictures]);
  return pictures;
}

/** The words that were pictures when a message was sent, as far as the reader allows pictures. */
export function useWordEmotes(sentUs: Micros): WordEmotes | undefined {
  const pictures = useContext(PicturesContext);
  return images.value === "off" ? undefined : pictures?.words(sentUs).value;
}
