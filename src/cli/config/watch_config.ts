import { abortWith } from "../../async/abort.ts";
import type { WantedChannel } from "../../engine/session/membership.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { VerbContext } from "../frame/context.ts";
import { ConfigFaults } from "../frame/config_faults.ts";
import type { LoadedConfig } from "./loaded_config.ts";

/** What can change while a verb runs. */
export interface LiveFlags<Flags> {
  /** The flags as they are now: those that need a restart as they were. */
  readonly flags: Flags;
  readonly channels: readonly WantedChannel[];
}

/** How {@link watchConfig} watches. */
export interface WatchConfigOptions<Flags> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The flags that the verb runs with. */
  readonly flags: Flags;
  /** Those that {@link WatchConfigOptions.apply} can change; others take effect after a restart. */
  readonly live: readonly (keyof Flags & string)[];
  /**
   * Puts flags into effect: all of them, or none if it throws.
   *
   * @throws {ChatloomError} when it cannot; the old ones stay.
   * @throws {ConfigFaults} when the flags do not fit together.
   */
  readonly apply: (now: LiveFlags<Flags>) => Promise<void> | void;
}

const POLL_MS = 2_000;

/**
 * Reads a configuration file again when it has changed and on SIGHUP, until `signal` aborts. One with a
 * fault changes nothing and is reported. A change counts once two looks in a row, two seconds
 * apart, have found the same text: the first may have found half of what an editor writes.
 */
export async function watchConfig<Flags extends object>(
  loaded: LoadedConfig | undefined,
  options: WatchConfigOptions<Flags>,
  context: Pick<VerbContext, "reporter" | "logLevel" | "watchHangUp">,
): Promise<void> {
  if (loaded === undefined) return;
  const { clock, signal } = options;
  const reloader = new Reloader(loaded, options, context);
  let wake = new AbortController();
  let isAsked = false;
  context.watchHangUp(() => {
    isAsked = true;
    wake.abort();
  });
  while (!signal.aborted) {
    const wasAsked = isAsked;
    isAsked = false;
    await reloader.look(wasAsked);
    wake = new AbortController();
    const unlink = abortWith(wake, signal);
    // A request that came during the look is served at once.
    if (!isAsked) await clock.sleep(POLL_MS, wake.signal).catch(() => {}); // Woken, or aborted.
    unlink();
  }
}

class Reloader<Flags extends object> {
  readonly #loaded: LoadedConfig;
  readonly #options: WatchConfigOptions<Flags>;
  readonly #context: Pick<VerbContext, "reporter" | "logLevel">;
  /** The text that was last put into effect or refused. */
  #known: string;
  #seen: string | undefined;
  #flags: Flags;
  #channels: readonly WantedChannel[];

  constructor(
    loaded: LoadedConfig,
    options: WatchConfigOptions<Flags>,
    context: Pick<VerbContext, "reporter" | "logLevel">,
  ) {
    this.#loaded = loaded;
    this.#options = options;
    this.#context = context;
    this.#known = loaded.text;
    this.#flags = options.flags;
    this.#channels = loaded.channels;
  }

  /** Reads the file, and puts it into effect if that is due. */
  async look(isAsked: boolean): Promise<void> {
    const found = await this.#loaded.read().catch((error: unknown) => {
      if (error instanceof ConfigFaults) return error;
      throw error;
    });
    const text = found instanceof ConfigFaults ? found.message : found;
    const isStable = text === this.#seen;
    this.#seen = text;
    // On request even the same text: files that it names, as of a token, may have changed.
    if (!isAsked && (text === this.#known || !isStable)) return;
    this.#known = text;
    try {
      if (found instanceof ConfigFaults) throw found;
      await this.#reload(found);
    } catch (error) {
      if (!(error instanceof ConfigFaults || error instanceof ChatloomError)) throw error;
      this.#refuse(error instanceof ConfigFaults ? error.faults : [error.message]);
    }
  }

  async #reload(text: string): Promise<void> {
    const { live, apply } = this.#options;
    const { reporter, logLevel } = this.#context;
    const next = this.#loaded.parse(text);
    const flags = { ...this.#flags } as Record<string, unknown>;
    const [changed, waiting]: [string[], string[]] = [[], []];
    for (const name of new Set([...Object.keys(flags), ...Object.keys(next.flags)])) {
      if (areSame(flags[name], next.flags[name])) continue;
      if (!(live as readonly string[]).includes(name)) {
        waiting.push(name);
        continue;
      }
      changed.push(name);
      flags[name] = next.flags[name];
    }
    if (!areSame(this.#channels, next.channels)) changed.push("channels");
    await apply({ flags: flags as Flags, channels: next.channels });
    this.#flags = flags as Flags;
    this.#channels = next.channels;
    if (logLevel.get() !== next.logLevel) {
      changed.push("logLevel");
      logLevel.set(next.logLevel);
    }
    const { path } = this.#loaded;
    reporter.count("config_reloads", { result: "applied" });
    reporter.report("info", "The configuration was read again", {
      path,
      changed: changed.map(flagName).join(" ") || "nothing",
    });
    if (waiting.length === 0) return;
    reporter.report("warning", "A change of the configuration takes effect after a restart", {
      path,
      flags: waiting.map(flagName).join(" "),
    });
  }

  #refuse(faults: readonly string[]): void {
    const { reporter } = this.#context;
    reporter.count("config_reloads", { result: "refused" });
    for (const fault of faults) {
      reporter.report("error", "The configuration has a fault; the old one stays in use", {
        path: this.#loaded.path,
        fault,
      });
    }
  }
}

function areSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** `joinRate` as `join-rate`. */
function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
