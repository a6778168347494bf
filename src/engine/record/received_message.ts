import type { Content } from "../../core/batch/content.ts";
import type { Micros } from "../../core/time.ts";

/** A message as one receiver reports it. */
export interface ReceivedMessage {
  /** Without `#`. */
  readonly channel: string;
  /** Makes the content: only for those who need it. */
  readonly content: () => Content;
  /** The receiver's id. */
  readonly receiver: string;
  /** By the receiver's clock. */
  readonly receivedUs: Micros;
  /** When it came here, if another node received it. @default `receivedUs` */
  readonly arrivedUs?: Micros;
  /** When it was sent; both are the same for an exact one. */
  readonly startUs: Micros;
  /** See `startUs`. */
  readonly endUs: Micros;
  /** Whether Twitch told when it was sent. */
  readonly isExact: boolean;
}
