import type { Message } from "../../core/batch/message.ts";
import type { Micros } from "../../core/time.ts";
import type { ChannelOverview } from "../../adapters/browser/node/json/overview_json.ts";
import type { KnownNames } from "../../adapters/browser/node/json/person_json.ts";
import type { PictureName, WordEmote } from "../../adapters/browser/node/json/word_emotes_json.ts";
import type { ComparedPart } from "../../adapters/browser/node/json/compare_json.ts";
import type { NodeAddress } from "../../adapters/browser/node/ask_node.ts";
import type {
  CheckProgress,
  Comparison,
  MergeReport,
  MinuteProgress,
  SourceInput,
  SourceReport,
} from "../sources/report.ts";
import type {
  ChannelSpan,
  FoundMinute,
  Location,
  MinuteSeconds,
  ReadRequest,
} from "./chat_reader.ts";
import type { SeenName } from "./person_facts.ts";
import type { SearchEnd, SearchProgress, SearchRequest } from "./chat_search.ts";
import type { ExportedFile, ExportProgress, ExportRequest } from "./shown_export.ts";
import type { Filter } from "./filter.ts";
import type { HourFigures, ListenedMinute } from "./chat_archive.ts";
import type { Call } from "../rpc/rpc_messages.ts";
import type { EarlyAsked } from "../../adapters/browser/node/early_responses.ts";

/** The calls that the page makes to its worker. */
export type PageCalls = {
  readonly addSource: Call<SourceInput, SourceReport, CheckProgress>;
  readonly removeSource: Call<number, void>;
  readonly compare: Call<void, Comparison, MinuteProgress>;
  readonly merge: Call<void, MergeReport, MinuteProgress>;
  readonly zip: Call<":" | "_", Blob, number>;
  readonly save: Call<FileSystemDirectoryHandle, { readonly written: number }, number>;
  /** Asks a node for what the page is about to need. */
  readonly ahead: Call<AheadRequest, void>;
  /** Reads from this node while no archives are open. */
  readonly useNode: Call<NodeAddress, NodeStanding>;
  readonly channels: Call<void, readonly string[]>;
  /** What the node tells of channels, at most 50. */
  readonly overview: Call<readonly string[], readonly ChannelOverview[]>;
  /** The hours of a channel that have files. */
  readonly span: Call<string, ChannelSpan | undefined>;
  readonly read: Call<ReadRequest, void, readonly FoundMinute[]>;
  /** Finds messages of any time, from the last back. */
  readonly search: Call<SearchRequest, SearchEnd, SearchProgress>;
  /** Writes messages as a file of another tool's format. */
  readonly export: Call<ExportRequest, ExportedFile, ExportProgress>;
  /** Tells minutes that get messages, until the node ends its feed; fails where there is none. */
  readonly follow: Call<FollowRequest, void, readonly FoundMinute[]>;
  readonly rows: Call<RowsRequest, readonly Message[]>;
  /** The place of a message in its minute. */
  readonly locate: Call<Location, number>;
  readonly seconds: Call<SpanRequest, readonly MinuteSeconds[]>;
  /** In which minutes of whole hours, at most a day, a receiver is known to have listened. */
  readonly coverage: Call<SpanRequest, readonly ListenedMinute[]>;
  /** What is known of the hours of a span, in order, some at a time. */
  readonly figures: Call<SpanRequest, void, readonly HourFigures[]>;
  /** What the node tells of a person in a channel by itself, without reading all that they said. */
  readonly person: Call<PersonRequest, PersonRecord>;
  /** All names of the user of a login, where the node tells them. */
  readonly namesOf: Call<PersonRequest, KnownNames | undefined>;
  /** The names of the peers that the node can be compared with. */
  readonly peers: Call<void, readonly string[]>;
  /** Compares a channel with a peer's, the latest hours first, part by part. */
  readonly comparePeer: Call<PeerRequest, void, ComparedPart>;
  /** The words that the node knows as pictures at a time. */
  readonly emotes: Call<EmotesRequest, readonly WordEmote[]>;
  /** A picture that the node saved. */
  readonly picture: Call<PictureName, Blob | undefined>;
};

/** What the page's first script asked a node for. */
export interface AheadRequest {
  readonly address: NodeAddress;
  readonly asked: readonly EarlyAsked[];
}

/** Of whom to tell. */
export interface PersonRequest {
  readonly channel: string;
  /** As a filter names a user. */
  readonly user: string;
}

/** What a node tells of a person. */
export interface PersonRecord {
  /** In which months of UTC they wrote, as `2026-07`; `undefined` if it is not told. */
  readonly months: readonly string[] | undefined;
  /** Their names, the last first; `undefined` where the operator does not tell them. */
  readonly names: readonly SeenName[] | undefined;
}

/** Which emotes to tell. */
export interface EmotesRequest {
  readonly channel: string;
  readonly atUs: Micros;
}

/** The result of connecting to a node. */
export type NodeStanding = "open" | "locked" | "none";

/** What to follow. */
export interface FollowRequest {
  readonly channel: string;
  readonly filter: Filter;
}

/** Which messages of a minute to return. */
export interface RowsRequest {
  readonly channel: string;
  readonly minuteUs: Micros;
  /** Their places in the minute. */
  readonly rows: readonly number[];
}

/** A span of a channel. */
export interface SpanRequest {
  readonly channel: string;
  readonly fromUs: Micros;
  readonly untilUs: Micros;
}

/** What to compare with a peer. */
export interface PeerRequest extends SpanRequest {
  /** A name that the node told. */
  readonly peer: string;
}
