import type { NodeAddress } from "../../adapters/browser/node/ask_node.ts";
import { NodeChat, NodeRefusal } from "../../adapters/browser/node/node_chat.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type {
  AheadRequest,
  NodeStanding,
  PeerRequest,
  PersonRecord,
  PersonRequest,
} from "./page_calls.ts";
import type { SourceCollection } from "../sources/source_collection.ts";
import type { ChannelOverview } from "../../adapters/browser/node/json/overview_json.ts";
import type { KnownNames } from "../../adapters/browser/node/json/person_json.ts";
import type { ComparedPart } from "../../adapters/browser/node/json/compare_json.ts";
import type { PictureName, WordEmote } from "../../adapters/browser/node/json/word_emotes_json.ts";
import type { Micros } from "../../core/time.ts";
import { storedChat } from "./chat_archive.ts";
import { earlyResponse } from "../../adapters/browser/node/early_responses.ts";
import { ChatReader } from "./chat_reader.ts";

/** The current reader: of the open archives, or without any, of the node. */
export class Readers {
  readonly #collection: SourceCollection;
  readonly #hasher: Hasher;
  #node: NodeChat | undefined;
  #reader: { readonly version: number; readonly reader: ChatReader } | undefined;
  /** What the node answered when it was found, for the first who asks. */
  #found: readonly string[] | undefined;
  /** A node that was asked before the page is there to use it. */
  #ahead: { readonly address: NodeAddress; readonly node: NodeChat } | undefined;

  /** Reads from `collection`. */
  constructor(collection: SourceCollection, hasher: Hasher) {
    this.#collection = collection;
    this.#hasher = hasher;
  }

  /** The reader of the archives that are open now. An earlier reader's caches are dropped. */
  get current(): ChatReader {
    const { version, isEmpty, archive } = this.#collection;
    if (this.#reader?.version !== version) {
      const chat = isEmpty && this.#node !== undefined
        ? this.#node
        : storedChat(archive, this.#hasher);
      this.#reader = { version, reader: new ChatReader(chat) };
    }
    return this.#reader.reader;
  }

  /** The names of the channels, sorted. */
  async channels(signal: AbortSignal): Promise<readonly string[]> {
    const found = this.#collection.isEmpty ? this.#found : undefined;
    this.#found = undefined;
    return found ?? await this.current.channels(signal);
  }

  /** The node's overview of channels; none without a node. */
  async overview(
    channels: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ChannelOverview[]> {
    return await this.#node?.overview(channels, signal) ?? [];
  }

  /** The peers that the node can be compared with; none without a node. */
  async peers(signal: AbortSignal): Promise<readonly string[]> {
    return await this.#node?.peers(signal) ?? [];
  }

  /**
   * Compares a channel of the node with a peer's, part by part.
   *
   * @throws {ChatloomError} when the node or the peer fails.
   */
  async comparePeer(
    { channel, peer, fromUs, untilUs }: PeerRequest,
    { signal, onProgress }: {
      readonly signal: AbortSignal;
      readonly onProgress: (part: ComparedPart) => void;
    },
  ): Promise<void> {
    let endUs: Micros | undefined = untilUs;
    while (endUs !== undefined && endUs > fromUs && this.#node !== undefined) {
      const part: ComparedPart = await this.#node.compare(
        channel,
        { peer, fromUs, untilUs: endUs },
        signal,
      );
      onProgress(part);
      endUs = part.nextUs;
    }
  }

  /** The words that were pictures on the node at a time; none without a node. */
  async emotes(
    { channel, atUs }: { readonly channel: string; readonly atUs: Micros },
    signal: AbortSignal,
  ): Promise<readonly WordEmote[]> {
    return await this.#node?.emotes(channel, atUs, signal) ?? [];
  }

  /** What the node tells of a person; nothing of the archives that are open. */
  async person({ channel, user }: PersonRequest, signal: AbortSignal): Promise<PersonRecord> {
    const node = this.#collection.isEmpty ? this.#node : undefined;
    return await node?.person(channel, user, signal) ?? { months: undefined, names: undefined };
  }

  /** All names of the user of a login, where the node tells them. */
  async namesOf(
    { channel, user }: PersonRequest,
    signal: AbortSignal,
  ): Promise<KnownNames | undefined> {
    const node = this.#collection.isEmpty ? this.#node : undefined;
    return await node?.namesOf(channel, user, signal);
  }

  /** A picture of the node's; `undefined` without a node. */
  async picture(name: PictureName, signal: AbortSignal): Promise<Blob | undefined> {
    return await this.#node?.picture(name, signal);
  }

  /** Takes the responses to what the page's first script asked a node for. Failures show once they are needed. */
  ahead({ address, asked }: AheadRequest): void {
    const node = new NodeChat(address);
    for (const each of asked) node.askAhead(each.path, (signal) => earlyResponse(each, signal));
    this.#ahead = { address, node };
  }

  /** Finds out whether there is a node at `address`, and reads from it if so. */
  async useNode(address: NodeAddress, signal: AbortSignal): Promise<NodeStanding> {
    const isAsked = this.#ahead?.address.url === address.url &&
      this.#ahead.address.token === address.token;
    const node = isAsked ? this.#ahead!.node : new NodeChat(address);
    this.#ahead = undefined;
    let found;
    try {
      found = await node.channels(signal);
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      const status = error instanceof NodeRefusal ? error.status : undefined;
      return status === 401 || status === 403 ? "locked" : "none";
    }
    this.#node = node;
    this.#found = found;
    this.#reader = undefined;
    return "open";
  }
}
