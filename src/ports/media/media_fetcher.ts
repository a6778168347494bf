import type { AbortOptions } from "../batch_store.ts";

/** What could be fetched, or why not in words. */
export type FetchedMedia =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** The limit on what is fetched. */
export interface FetchMediaOptions extends AbortOptions {
  /** Longer answers are refused as early as possible. */
  readonly maxBytes: number;
}

/**
 * Fetches what stands at an address that anyone may have written into chat. Never throws but when `signal` aborts; every
 * wait is bounded.
 */
export type MediaFetcher = (url: string, options: FetchMediaOptions) => Promise<FetchedMedia>;
