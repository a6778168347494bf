import { formatLine } from "../../core/batch/format_line.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { toSeconds } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LiveLines } from "../../ports/archive/live_lines.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { ReceivedMessage } from "../record/received_message.ts";

const SEND_MS = 250;
/** What waits for the next call; lines beyond it are left out, and come with the files. */
const WAITING_MAX_LENGTH = 2 * 1024 * 1024;

/** Gives what a recorder receives to other processes on the archive, a few times a second. */
export class LiveSender {
  readonly #options: {
    readonly lines: Pick<LiveLines, "send">;
    readonly clock: Clock;
    readonly reporter: Reporter;
  };
  #waiting: string[] = [];
  #length = 0;
  #isFailing = false;

  /** Sends nothing before {@link LiveSender.run}. */
  constructor(
    options: {
      readonly lines: Pick<LiveLines, "send">;
      readonly clock: Clock;
      readonly reporter: Reporter;
    },
  ) {
    this.#options = options;
  }

  /** Takes a message, to be sent soon. */
  add(received: ReceivedMessage): void {
    const { receiver, receivedUs } = received;
    if (this.#length > WAITING_MAX_LENGTH) {
      this.#options.reporter.count("live_lines_left_out");
      return;
    }
    const receivers = [{ receiver, receivedS: toSeconds(receivedUs) }];
    const line = formatLine(received.content(), receivers, received);
    this.#waiting.push(line);
    this.#length += line.length;
  }

  /** Sends until `signal` aborts. What cannot be sent is left out. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(SEND_MS, signal).catch(() => {}); // Aborted: the loop ends.
      await this.#send();
    }
  }

  async #send(): Promise<void> {
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    this.#length = 0;
    const { reporter } = this.#options;
    try {
      await this.#options.lines.send(lines);
      this.#isFailing = false;
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      reporter.count("live_lines_left_out", {}, lines.length);
      if (this.#isFailing) return;
      this.#isFailing = true;
      const message = "Cannot give messages to other nodes at once: they come with the files";
      reporter.report("warning", message, { code: error.code, error: error.message });
    }
  }
}
