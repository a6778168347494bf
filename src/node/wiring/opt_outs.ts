import { fileSystemOptOuts } from "../../adapters/file_system/file_system_opt_outs.ts";
import { systemRandom } from "../../adapters/system/system_random.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import { loginDigest } from "../../core/redaction/login_digest.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { ApiRoute } from "../../engine/api/route/api_route.ts";
import { optOutRoute } from "../../engine/api/optout/opt_out_route.ts";
import {
  type OwnExportOptions,
  ownExportRoutes,
} from "../../engine/api/optout/own_export_routes.ts";
import type { EraseOptions } from "../../engine/optout/erase_user.ts";
import { OptOutBook } from "../../engine/optout/opt_out_book.ts";
import { OptOutCodes } from "../../engine/optout/opt_out_codes.ts";
import { OwnExports } from "../../engine/optout/own_exports.ts";
import { OptOutKeeper } from "../../engine/optout/opt_out_keeper.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** Who has opted out on a node, and how more do. */
export interface OpenOptOuts {
  readonly book: OptOutBook;
  /** The routes that give out codes, and what a user wrote. */
  routes(options: Omit<OwnExportOptions, "exports" | "clock">): ApiRoute[];
  /** Takes a message that may say a code. */
  hear(message: IrcMessage): void;
  /** Erases users beside a recorder until `signal` aborts. */
  keep(options: Omit<EraseOptions, "book">, signal: AbortSignal): Promise<void>;
  /** Takes over what other processes note until `signal` aborts. */
  follow(signal: AbortSignal): Promise<void>;
}

const POLL_MS = 2_000;

/**
 * The opt-outs of the archive whose state is in `folder`.
 *
 * @throws {ChatloomError} when they cannot be read: nothing may be served or recorded then.
 */
export async function openOptOuts(
  folder: string,
  { clock, reporter }: { readonly clock: Clock; readonly reporter: Reporter },
): Promise<OpenOptOuts> {
  const book = new OptOutBook(fileSystemOptOuts(folder, reporter));
  await book.load();
  const codes = new OptOutCodes({ clock, random: systemRandom() });
  const exports = new OwnExports({ clock, random: systemRandom() });
  let keeper: OptOutKeeper | undefined;
  return {
    book,
    routes: (options) => [
      optOutRoute({ ...options, clock, makeCode: () => codes.make() }),
      ...ownExportRoutes({ ...options, clock, exports }),
    ],
    hear(message) {
      exports.hear(message);
      const speaker = codes.speaker(message);
      if (speaker === undefined || book.isUserOptedOut(speaker.id)) return;
      const logins = speaker.logins.map(loginDigest).sort();
      const madeUs = clock.wallUs();
      keeper?.add({ kind: "user", id: speaker.id, logins, madeUs, isDone: false });
    },
    async keep(options, signal) {
      keeper = new OptOutKeeper({ ...options, book });
      await keeper.run(signal);
    },
    async follow(signal) {
      while (!signal.aborted) {
        await book.load().catch((error: unknown) => {
          if (!(error instanceof ChatloomError)) throw error;
          reporter.count("opt_out_errors", { code: error.code }); // The old ones hold.
        });
        await clock.sleep(POLL_MS, signal).catch(() => {}); // Aborted: the loop ends.
      }
    },
  };
}
