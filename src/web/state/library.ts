import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Micros } from "../../core/time.ts";
import { type ArchivesState, reasonOf } from "./archives_state.ts";
import type { NodeStanding, PageCalls } from "../reading/page_calls.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import type { RpcClient } from "../rpc/rpc_client.ts";
import { storedToken, storeToken } from "./node_token.ts";
import { route } from "./route.ts";

/** The channels that can be shown: their names, sorted. */
export type ChannelList =
  | { readonly kind: "looking" }
  | { readonly kind: "ready"; readonly channels: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string };

/** The hours of the channel that is shown. */
export type ShownChannel =
  | { readonly kind: "looking" }
  | { readonly kind: "ready"; readonly span: ChannelSpan }
  | { readonly kind: "empty" }
  | { readonly kind: "failed"; readonly reason: string };

/** The chat that can be read: of the open archives, or else of the node. */
export class Library {
  readonly call: RpcClient<PageCalls>;
  readonly channelList: Signal<ChannelList> = signal({ kind: "looking" });
  /** What is known of the channel that {@link Library.look} was called with last. */
  readonly shown: Signal<ShownChannel> = signal({ kind: "looking" });
  /** Whether this page comes from a node, and whether the node lets it read. */
  readonly node: Signal<NodeStanding> = signal("none");
  /** Counts up whenever readers see another archive. */
  readonly version: ReadonlySignal<number>;
  /** Whether the page does not know yet if it comes from a node. */
  readonly isLooking: Signal<boolean> = signal(/^https?:$/.test(location.protocol));
  readonly #archives: ArchivesState;
  #shownUs: Micros | undefined;
  #looking: AbortController | undefined;

  /** Looks for a node, and follows the archives. */
  constructor(call: RpcClient<PageCalls>, archives: ArchivesState) {
    this.call = call;
    this.version = archives.version;
    this.#archives = archives;
    void this.#start();
  }

  /** Whether the chat is the node's. */
  get isNode(): boolean {
    return this.node.value === "open" && this.#archives.reports.value.length === 0;
  }

  /** Tries to read from the node with a token. */
  async unlock(token: string): Promise<boolean> {
    await this.#useNode(token);
    await this.refresh();
    const isOpen = this.node.value === "open";
    if (isOpen) storeToken(token);
    return isOpen;
  }

  /** Notes where the reader scrolled to, so that it is not taken for a jump. */
  scrolledTo(atUs: Micros): void {
    this.#shownUs = atUs;
  }

  /** Whether the address asks for a moment that scrolling did not lead to. */
  isJump(atUs: Micros | undefined): boolean {
    return atUs !== undefined && atUs !== this.#shownUs;
  }

  /** Looks for the hours of a channel, in place of another. */
  async look(channel: string): Promise<void> {
    this.#looking?.abort();
    const { signal } = this.#looking = new AbortController();
    const { value } = this.shown;
    if (value.kind !== "ready" || value.span.channel !== channel) {
      this.shown.value = { kind: "looking" };
    }
    try {
      const span = await this.call("span", channel, { signal });
      if (signal.aborted) return;
      this.shown.value = span === undefined ? { kind: "empty" } : { kind: "ready", span };
    } catch (error) {
      if (!signal.aborted) this.shown.value = { kind: "failed", reason: reasonOf(error) };
    }
  }

  /** Reloads the channels. */
  async refresh(): Promise<void> {
    try {
      const channels = await this.call("channels", undefined);
      this.channelList.value = { kind: "ready", channels };
    } catch (error) {
      this.channelList.value = { kind: "failed", reason: reasonOf(error) };
    }
  }

  /** Notes that the moment in the address is shown. */
  jumped(): void {
    this.#shownUs = route.value.atUs;
  }

  async #start(): Promise<void> {
    if (this.isLooking.value) await this.#useNode(storedToken());
    this.isLooking.value = false;
    effect(() => {
      if (this.version.value >= 0) void this.refresh();
    });
  }

  async #useNode(token: string | undefined): Promise<void> {
    const url = new URL("./", location.href).href;
    try {
      this.node.value = await this.call("useNode", { url, token });
    } catch (error) {
      this.channelList.value = { kind: "failed", reason: reasonOf(error) };
    }
  }
}
