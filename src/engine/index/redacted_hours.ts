import { hourPrefix, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import { formatString } from "../../core/json/canonical_json.ts";
import { isLoginDigest } from "../../core/redaction/login_digest.ts";
import { wordsOf } from "../../core/text/fold_words.ts";
import { HOUR_US, hourOf, type Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { ChatIndex } from "../../ports/index/chat_index.ts";
import { listRedactions } from "../redact/redact.ts";
import { EDGE_US } from "./hour_stamps.ts";

/** What {@link RedactedHours} works with. */
export interface RedactedHoursOptions extends AbortOptions {
  readonly index: ChatIndex;
  readonly store: BatchStore;
  readonly hasher: Hasher;
}

/** With more ids of redacted messages than this, an hour is read rather than searched. */
const IDS_MAX = 256;

const ASCII = new TextDecoder("latin1");

/**
 * Tells which indexed hours a channel's redactions may concern, for less than reading them: those that name a redacted
 * user, as the index knows, and those whose files hold the id of a redacted message. For hours whose files are
 * those that they were indexed from.
 */
export class RedactedHours {
  readonly #channel: string;
  readonly #options: RedactedHoursOptions;
  #loaded:
    | {
      readonly hours: ReadonlySet<Micros>;
      readonly ids: readonly string[];
      readonly concernsAll: boolean;
    }
    | undefined;

  /** Reads nothing before it is asked. */
  constructor(channel: string, options: RedactedHoursOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  /**
   * Whether a redaction may have a match in an hour.
   *
   * @throws {ChatloomError} when the store or the index fails.
   */
  async mayConcern(hourUs: Micros): Promise<boolean> {
    this.#loaded ??= await this.#load();
    const { hours, ids, concernsAll } = this.#loaded;
    if (concernsAll || hours.has(hourUs) || ids.length > IDS_MAX) return true;
    return ids.length > 0 && await this.#holdsAny(hourUs, ids);
  }

  async #load() {
    const { index, signal } = this.#options;
    const [people, logins] = [new Set<string>(), new Set<string>()];
    const ids: string[] = [];
    let concernsAll = false;
    for (const each of await listRedactions(this.#channel, this.#options)) {
      if (!each.ok) continue; // It is not applied, until it can be read.
      const { target } = each.redaction;
      if (target.kind === "message") ids.push(formatString(target.id));
      else {
        people.add(target.userId);
        // A digest says of no line whether it names the user: any hour may hold a match.
        if (target.logins.some(isLoginDigest)) concernsAll = true;
        for (const login of target.logins) logins.add(login.toLowerCase());
      }
    }
    const hours = new Set<Micros>();
    const person = { ids: [...people], logins: [...logins] };
    const queries = [
      { person },
      ...[...logins].flatMap(wordsOf).map((word) => ({ words: [word] })),
    ];
    for (const query of queries) {
      const found = await index.find(this.#channel, { ...query, signal });
      for (const { minuteUs } of found) hours.add(hourOf(minuteUs));
    }
    return { hours, ids, concernsAll };
  }

  /** Whether files that have a part in the hour hold one of these texts. */
  async #holdsAny(hourUs: Micros, texts: readonly string[]): Promise<boolean> {
    const { store, signal } = this.#options;
    for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) {
      if (each < 0) continue;
      for await (const key of store.list(hourPrefix(this.#channel, each), { signal })) {
        const parts = parseArchiveKey(key);
        if (parts?.kind !== "batch") continue;
        const { minuteUs } = parts;
        if (minuteUs < hourUs - EDGE_US || minuteUs >= hourUs + HOUR_US + EDGE_US) continue;
        const bytes = await store.get(key, { signal }).catch((error: unknown) => {
          if (error instanceof UnreadableEntryError) return undefined; // It is left out.
          throw error;
        });
        const line = ASCII.decode(bytes);
        if (texts.some((text) => line.includes(text))) return true;
      }
    }
    return false;
  }
}
