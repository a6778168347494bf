import { hourOf, type Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { noopReporter } from "../../ports/reporter.ts";
import type { Closure } from "../read/minute_closure.ts";
import { ChannelFiles } from "../read/files/channel_files.ts";
import { HourClosures, NEEDED_BACK_US } from "../read/hour_closures.ts";

/** What {@link ChannelReader} reads. */
interface ChannelReaderOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
}

/** Reads the minutes of a channel in ascending order, each hour by one listing of its files. */
export class ChannelReader {
  /** The channel's files. */
  readonly files: ChannelFiles;
  readonly #abort: AbortOptions;
  #hourUs: Micros | undefined;
  #hour: HourClosures | undefined;

  private constructor(files: ChannelFiles, abort: AbortOptions) {
    this.files = files;
    this.#abort = abort;
  }

  /**
   * Begins to read `channel` with the redactions that are there now.
   *
   * @throws {ChatloomError} when the store fails.
   */
  static async open(
    channel: string,
    { store, hasher, signal }: ChannelReaderOptions,
  ): Promise<ChannelReader> {
    const abort = { signal };
    const files = new ChannelFiles(channel, { store, hasher, reporter: noopReporter });
    await files.refreshRedactions(abort);
    return new ChannelReader(files, abort);
  }

  /** The channel. */
  get channel(): string {
    return this.files.channel;
  }

  /**
   * The closure of the minute that starts at `minuteUs`; `undefined` if its files are gone.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async closureOf(minuteUs: Micros): Promise<Closure | undefined> {
    const hourUs = hourOf(minuteUs);
    if (this.#hour === undefined || this.#hourUs !== hourUs) {
      const { files } = this;
      this.#hour = new HourClosures(hourUs, { store: files.store, files, abort: this.#abort });
      this.#hourUs = hourUs;
    }
    this.files.dropBefore(minuteUs - NEEDED_BACK_US);
    const step = await this.#hour.next(minuteUs);
    return step?.minuteUs === minuteUs ? step.closure : undefined;
  }
}
