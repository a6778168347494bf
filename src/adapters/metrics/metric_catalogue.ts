/** What a metric means. Names lack the prefix `chatloom_`. */
export interface MetricNote {
  /** A counter is named after what it counts; the page adds `_total`. Others end with their unit. */
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

const QUICK_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** All metrics of chatloom. */
export const METRIC_CATALOGUE: readonly MetricNote[] = [
  // What comes from Twitch.
  counter("lines_received", "Lines that came over any connection"),
  counter("lines_ignored", "Lines that were not archived", ["reason", "command"]),
  counter("wild_timestamps", "Timestamps of Twitch that contradict all others"),
  counter("session_bytes", "Bytes that came from Twitch"),
  counter("session_frames", "WebSocket frames that came from Twitch"),
  counter("session_lines", "Lines that connections parsed"),
  counter("session_empty_lines", "Empty lines from Twitch"),
  counter("session_replaced_characters", "Characters that were not UTF-8"),
  counter("session_reconnects", "Connections that were replaced", ["reason"]),
  counter("session_join_attempts", "JOINs that were sent"),
  counter("session_join_failures", "JOINs that were not confirmed", ["reason"]),
  gauge("server_lag_seconds", "How far this machine's clock is ahead of Twitch's, by its messages"),
  gauge("connections", "Connections to Twitch", ["phase"]),
  gauge("connection_silence_max_seconds", "How long the most silent connection has been silent"),
  // What is recorded.
  counter("messages_written", "Messages in the batches that were recorded", ["channel", "command"]),
  counter("batches_written", "Batches that were recorded", ["channel"]),
  counter("bytes_written", "Bytes of batches that were recorded", ["channel"]),
  counter("store_errors", "Tries to store a batch that failed", ["code"]),
  counter(
    "covered_seconds",
    "Time in which this many receivers of the node listened to a channel",
    [
      "channel",
      "receivers",
    ],
  ),
  counter("unstored_left_out", "Batches not stored yet that readers could not be given", ["code"]),
  gauge("open_batches", "Batches that are open"),
  gauge("pending_batches", "Closed batches that are not stored yet"),
  // Writing through a message broker.
  counter("broker_failures", "Links to the broker that were lost or could not be made", ["code"]),
  gauge("broker_links", "Links to the broker that work"),
  counter("remote_messages", "Messages for workers, by what the broker did with them", ["outcome"]),
  counter("remote_replies", "Replies of workers", ["status"]),
  counter("remote_replies_unknown", "Replies of workers to what is not waited for any more"),
  counter("remote_replies_unreadable", "Replies of workers that were not understood"),
  gauge("remote_waiting_messages", "Messages on their way to workers and back"),
  gauge("remote_waiting_bytes", "Bytes of files on their way to workers"),
  counter("worker_messages", "Messages that a worker answered", ["outcome"]),
  counter(
    "worker_redeliveries",
    "Messages that came to a worker and may have been elsewhere before",
  ),
  counter(
    "worker_ranges_left",
    "Ranges that a worker left to others, as it had more than its share",
  ),
  counter("worker_store_errors", "Tries of a worker to store what came that failed", ["code"]),
  gauge("worker_ranges", "Ranges from which messages come to this worker"),
  gauge("worker_held_messages", "Messages that a worker has and has not answered", ["range"]),
  gauge("worker_range_lag_seconds", "For how long a worker has had the oldest of them", ["range"]),
  gauge("queue_messages", "Messages that wait at the broker; of dead letters, all", ["queue"]),
  histogram(
    "worker_store_seconds",
    "Time from the arrival of a message at a worker until it is stored",
    QUICK_SECONDS,
  ),
  histogram(
    "remote_store_seconds",
    "Time until a worker had stored or deleted a file",
    QUICK_SECONDS,
    ["method"],
  ),
  // Operating it.
  counter("opt_outs", "Users and channels that opted out by a code", ["kind"]),
  counter(
    "opt_out_messages_erased",
    "Messages of users who opted out that were removed from files",
  ),
  counter("opt_out_errors", "Tries to erase users or to read opt-outs that failed", ["code"]),
  counter("config_reloads", "Times that the configuration was read again", ["result"]),
  // The index.
  counter("index_hours", "Hours that were indexed"),
  counter("index_messages", "Messages in hours that were indexed"),
  counter("index_errors", "Tries to index that failed", ["code"]),
  gauge(
    "index_waiting_hours",
    "Hours that wait to be indexed; questions about them read the files",
  ),
  // The feed.
  counter("feed_events", "Messages of followed channels that were emitted to the feed"),
  counter("feed_events_sent", "Messages that clients of the feed were given as they came"),
  counter("feed_missed", "Times that a client of the feed was too slow and was given the archive"),
  counter(
    "live_lines_left_out",
    "Messages that other nodes of a database were not given at once: they come with the files",
  ),
  counter("feed_peer_messages", "Messages that the feed of a peer told", ["peer"]),
  counter("feed_peer_refused", "Events of a peer's feed that are no message of now", ["peer"]),
  counter("feed_peer_failures", "Tries to follow the feed of a peer that failed", ["peer"]),
  gauge("feed_clients", "Clients of the feed"),
  gauge("feed_held_bytes", "Memory of the last messages, for clients that are behind"),
  histogram(
    "feed_lag_seconds",
    "From the receipt of a message until a client of the feed is given it",
    QUICK_SECONDS,
  ),
  counter("journal_follow_errors", "Tries to read another recorder's journal that failed", [
    "code",
  ]),
  // The journal.
  gauge("journal_backlog_bytes", "Bytes of the journal that are not yet safe from a power cut"),
  counter("journal_bytes_lost", "Journal that could not be written"),
  counter("journal_errors", "Tries to write the journal that failed", ["code"]),
  counter("journal_renewals", "Journals begun in place of a lost one"),
  counter(
    "journal_reserve_given_up",
    "Times that a full disk took a part of the journal's reserve",
  ),
  counter("journal_reserve_made", "Times that the journal's reserve was made whole again"),
  counter("journal_lines_set_aside", "Torn or unreadable lines found in journals"),
  // The archive.
  counter("files_stored", "Files that were put into the archive", ["kind"]),
  counter("file_bytes_stored", "Bytes that were put into the archive", ["kind"]),
  counter("files_deleted", "Files that were deleted as superseded or redacted", ["kind"]),
  counter("files_left_out", "Files that could not be used when reading or settling", ["why"]),
  counter("minutes_settled", "Minutes that the settler checked"),
  counter("batches_merged", "Batches that the settler wrote in place of others"),
  counter("batches_replaced", "Files that the settler deleted as superseded"),
  counter("settle_errors", "Tries to settle that failed", ["code"]),
  gauge("settle_pending", "Minutes and channels that wait for settling"),
  counter("files_kept_back", "Files that were requested and not served", ["why"]),
  gauge("recent_messages", "Messages of each channel's last hour, by number of receivers", [
    "receivers",
  ]),
  gauge(
    "recent_duplicates_ratio",
    "Share of the last hour's sightings whose message another receiver had too",
  ),
  histogram("batch_bytes", "Size of stored batches", [1e3, 1e4, 1e5, 1e6, 1e7, 1e8]),
  histogram("batch_messages", "Messages in stored batches", [1, 10, 100, 1e3, 1e4, 1e5]),
  // Peers.
  counter("sync_files", "Files that came from a peer", ["peer"]),
  counter("sync_bytes", "Bytes of files that came from a peer", ["peer"]),
  counter("sync_errors", "Failures and invalid responses of a peer", ["peer", "code"]),
  counter("sync_mismatches", "Files for which a peer sent wrong bytes", ["peer"]),
  counter("sync_refused", "Names and files of a peer that were refused", ["peer", "why"]),
  counter("sync_store_errors", "Passes over a peer that the own store broke off", ["code"]),
  counter("sync_note_errors", "Notes that could not be kept: files may come twice", ["code"]),
  counter("sync_orders_held", "Orders of a peer that wait for the operator", ["peer", "kind"]),
  counter("sync_orders_obeyed", "Orders of a peer that were obeyed", ["peer", "kind"]),
  counter("unsettled_note_errors", "Notes of unsettled hours that could not be kept", ["code"]),
  // HTTP.
  counter("http_requests", "Requests that were answered", ["route", "method", "status"]),
  counter("http_response_bytes", "Bytes of responses, as sent", ["route"]),
  counter("http_answers_cut", "Responses that were not sent to their end", ["route", "reason"]),
  histogram("http_request_seconds", "From a request to the end of its response", QUICK_SECONDS, [
    "route",
  ]),
  gauge("http_requests_running", "Requests that are running"),
  gauge("chat_cache_bytes", "Chat that is cached for later requests"),
];

function counter(name: string, help: string, labels: readonly string[] = []): MetricNote {
  return { name, kind: "counter", help, labels };
}

function gauge(name: string, help: string, labels: readonly string[] = []): MetricNote {
  return { name, kind: "gauge", help, labels };
}

function histogram(
  name: string,
  help: string,
  buckets: readonly number[],
  labels: readonly string[] = [],
): MetricNote {
  return { name, kind: "histogram", help, labels, buckets };
}
