import { Semaphore } from "../../../async/semaphore.ts";
import { Refusal } from "./log_context.ts";

/** Searches that run at a time, and that wait for one of these. */
const RUNNING_MAX = 2;
const WAITING_MAX = 32;

/** The line in which searches of all routes wait: few run at a time, as each takes the disk and a core. */
export class SearchLine {
  readonly #running = new Semaphore(RUNNING_MAX);

  /**
   * Runs `search` when its turn comes.
   *
   * @throws {Refusal} 503 when too many wait.
   */
  async run<T>(search: () => Promise<T>): Promise<T> {
    if (this.#running.waitingCount >= WAITING_MAX) {
      throw new Refusal(503, "Too many searches at a time, try again");
    }
    return await this.#running.run(search);
  }
}
