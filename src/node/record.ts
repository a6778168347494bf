import { isNodeName } from "../core/archive/node_name.ts";
import { isJoinRate, TWITCH_CHAT_URL } from "../engine/session/chat_pool.ts";
import { JOIN_RATE_DEFAULT } from "../engine/session/join_queue.ts";
import { isNick } from "../engine/session/login.ts";
import type { AbortOptions } from "../ports/batch_store.ts";
import { LiveSender } from "../engine/live/live_sender.ts";
import { type Archive, writableStore } from "./wiring/archive.ts";
import { type ChannelName, toChannel } from "./channels.ts";
import { runRecording } from "./wiring/recording.ts";
import { hostName } from "./host_name.ts";

/** How {@link record} records. */
export interface RecordOptions extends AbortOptions {
  /** How many connections listen to each channel, 1 to 16. @default 1 */
  readonly connections?: number;
  /**
   * How many JOINs Twitch takes from the account in 10 s, 1 to 2,000: more than 20 only from a verified
   * bot. @default 20
   */
  readonly joinRate?: number;
  /** This node's name, part of its receivers' ids. @default {@link hostName} */
  readonly node?: string;
  /** An account and its token, with or without `oauth:` before it. @default anonymous */
  readonly login?: { readonly nick: string; readonly token: string };
  /** The chat server. @default Twitch's */
  readonly url?: string;
  /** Without a journal a crash loses up to two minutes. @default true */
  readonly journal?: boolean;
}

/**
 * Records channels into an archive until `signal` aborts, then archives all received messages and
 * resolves. First it recovers what a crashed recorder left in its journal; meanwhile it settles each
 * minute once no message can join it any more. Broken connections are opened again.
 *
 * Without a `signal` it records until the process ends: the journal then keeps what is not archived.
 *
 * @throws {RangeError} when a name, a number or the address cannot be used.
 * @throws {ChatloomError} when the archive cannot be written, before anything is connected to;
 * `LOGIN_REFUSED` when Twitch refuses the login; when the last batches cannot be stored (they stay in
 * the journal).
 */
export async function record(
  archive: Archive,
  channels: readonly ChannelName[],
  options: RecordOptions = {},
): Promise<void> {
  const { connections = 1, node = hostName(), url = TWITCH_CHAT_URL, login } = options;
  const { joinRate = JOIN_RATE_DEFAULT } = options;
  const { signal = new AbortController().signal, journal: useJournal = true } = options;
  const wanted = channels.map(toChannel);
  if (wanted.length === 0) throw new RangeError("Cannot record: no channel is named");
  if (!(Number.isInteger(connections) && connections >= 1 && connections <= 16)) {
    throw new RangeError(`Cannot listen on ${connections} connections: it must be from 1 to 16`);
  }
  if (!isJoinRate(joinRate)) {
    throw new RangeError(`Cannot join ${joinRate} channels in 10 s: it must be from 1 to 2000`);
  }
  if (!isNodeName(node)) throw new RangeError(`Cannot use "${node}" as this node's name`);
  if (!/^wss?:\/\/./.test(url) || !URL.canParse(url)) {
    throw new RangeError(`Cannot connect to "${url}": it must begin with ws:// or wss://`);
  }
  if (login !== undefined && !isNick(login.nick)) {
    throw new RangeError(`Cannot log in as "${login.nick}": it is no Twitch login`);
  }
  if (signal.aborted) return;
  const { store } = await writableStore(archive, { signal });
  const { parts, hasher, clock, random, reporter } = archive;
  // So that other processes on the archive tell of messages before they are stored, by this process or by workers.
  const { liveLines: lines } = parts;
  const sender = lines && new LiveSender({ lines, clock, reporter });
  await runRecording({
    parts,
    onMessage: (received) => sender?.add(received),
    begin: ({ signal }) => Promise.resolve({ tasks: sender ? [sender.run(signal)] : [] }),
    journalFolder: parts.journalFolder,
    store,
    hasher,
    clock,
    random,
    reporter,
    signal,
    channels: wanted,
    connections,
    joinRate,
    node,
    url,
    useJournal,
    ...(login === undefined
      ? {}
      : { login: { nick: login.nick, readToken: () => Promise.resolve(login.token) } }),
  });
}
