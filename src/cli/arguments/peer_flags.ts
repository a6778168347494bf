import { type Command, InvalidArgumentError } from "commander";
import { parsePeer, type PeerSource } from "./peer_list.ts";

/** The peers to pull from, as flags name them. */
export interface PeerFlags {
  /** Addresses of peers, as {@link parsePeer} takes them. */
  readonly peer: readonly string[];
  /** A file of more, watched for changes. */
  readonly peers?: string;
  /** The file with the token for the peers named by `peer`. */
  readonly peerTokenFile?: string;
}

/** Flags of {@link PeerFlags} that a running verb can change. The file of peers is watched anyway. */
export const LIVE_PEER_FLAGS = ["peer", "peerTokenFile"] as const;

/** Adds {@link PeerFlags} to a verb. */
export function addPeerFlags(command: Command): Command {
  return command
    .option(
      "--peer <url>",
      "pull from the node at this address; may be given several times; URL,orders=none takes files " +
        "of it, but no redactions and tombstones",
      collect,
      [],
    )
    .option(
      "--peers <file>",
      'also from those in this file, one a line; watched; a line "# none" empties the list',
    )
    .option(
      "--peer-token-file <file>",
      "a file with the token that peers named by --peer want",
    );
}

/** The sources of peers that these flags name. */
export function peerSource({ peer, peers, peerTokenFile }: PeerFlags): PeerSource {
  const named = peer.map((text) => ({ ...parsePeer(text)!, tokenFile: peerTokenFile }));
  return { named, file: peers };
}

function collect(text: string, before: readonly string[]): readonly string[] {
  if (parsePeer(text) !== undefined) return [...before, text];
  throw new InvalidArgumentError(
    "It must look like http://host:8080 or http://host:8080,orders=none.",
  );
}
