/** A coalesced flush: callers that ask during one run share the next. */
export class SharedFlush {
  readonly #work: () => Promise<void>;
  #now: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** Runs `work`, never twice at once. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Whether no caller waits for it. */
  get isIdle(): boolean {
    return this.#now === undefined;
  }

  /** When it resolves, one whole run of the work began after this call. */
  request(): Promise<void> {
    if (this.#now === undefined) return this.#begin();
    const begin = () => this.#begin();
    return this.#next ??= this.#now.then(begin, begin);
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    return this.#now = this.#work().finally(() => {
      if (this.#next === undefined) this.#now = undefined;
    });
  }
}
