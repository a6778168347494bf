import { Command } from "commander";
import { fileSystemOptOuts } from "../../../adapters/file_system/file_system_opt_outs.ts";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import { loginDigest } from "../../../core/redaction/login_digest.ts";
import { MILLISECOND_US } from "../../../core/time.ts";
import { channelsOf, type EraseOptions, eraseUser } from "../../../engine/optout/erase_user.ts";
import { eraseChannel, newestRoomOf } from "../../../engine/optout/erase_channel.ts";
import type { ArchiveParts } from "../../../node/wiring/parts/archive_parts.ts";
import { OPT_OUT_REASON, OptOutBook } from "../../../engine/optout/opt_out_book.ts";
import { idsOf, ownLines } from "../../../engine/optout/own_messages.ts";
import { listRedactions } from "../../../engine/redact/redact.ts";
import { openSettling } from "../../../node/wiring/open_settling.ts";
import type { OptOutNote } from "../../../ports/notes/opt_out_notes.ts";
import { collect } from "../../arguments/collect.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

interface OptOutFlags {
  readonly archive: string;
  readonly userId?: string;
  readonly login: readonly string[];
  readonly channel?: boolean;
  readonly list?: boolean;
  readonly undo?: boolean;
  readonly export?: boolean;
}

/** `chatloom optout`: erases a user from an archive, and records the user no more. */
export function optOutCommand(): Command {
  return new Command("optout")
    .description("erase a user from all channels of an archive, and record the user no more")
    .requiredOption("-a, --archive <dir|url>", "the archive")
    .option("--user-id <id>", "the user's id")
    .option("--login <name>", "a name of the user; may be given several times", collect, [])
    .option("--channel", "the user's own channel instead: erase it here, and record it no more")
    .option("--list", "print who has opted out, and change nothing")
    .option("--undo", "record the user again; what was erased stays erased")
    .option("--export", "print what the user wrote, a line of JSON each, and change nothing")
    .addHelpText(
      "after",
      "\nAll lines that name the user go, as with redact, in all channels. The orders travel to peers and\n" +
        "bear the user's id and digests of the user's names. Recorders on this archive notice within\n" +
        "seconds, and clear memory and journals as well. A user can be named by a login that the\n" +
        "archive knows. Run it again to finish what was interrupted.\n" +
        "\nWith --channel all files of the channel go, its redactions excepted, and nothing of it is recorded,\n" +
        "fetched from peers or given to any caller. Peers are not told: their operators must do the same.\n" +
        examplesOf([
          "chatloom optout -a chat --user-id 22484632 --export > lines.ndjson",
          "chatloom optout -a chat --user-id 22484632",
          "chatloom optout -a chat --login forsen",
          "chatloom optout -a chat --user-id 22484632 --channel",
          "chatloom optout -a chat --list",
        ]),
    )
    .action(async (flags: OptOutFlags, command: Command) => {
      const context = contextOf(command);
      const { reporter, signal } = context;
      const isDryRun = flags.export === true || flags.list === true;
      const parts = await openSettling(flags.archive, { reporter, isDryRun });
      const book = new OptOutBook(fileSystemOptOuts(parts.journalFolder, reporter));
      await book.load();
      if (flags.list) return await printList(book, context);
      const options = {
        ...parts,
        ...{ book, reporter, signal, clock: systemClock(), hasher: await bestHasher() },
      };
      const id = await idFrom(flags, { command, options });
      if (flags.export) return await printOwn(id, { options, context });
      const kind = flags.channel ? "channel" : "user";
      if (flags.undo) return await undo({ kind, id }, { options, context });
      // Done again, it forgets no name that it found before: the files that told it are gone.
      const known = book.notes.find((each) => each.kind === kind && each.id === id);
      const logins = [...new Set([...known?.logins ?? [], ...flags.login.map(loginDigest)])].sort();
      const note: OptOutNote = { kind, id, logins, madeUs: options.clock.wallUs(), isDone: false };
      await book.put(note);
      const erasing = { ...options, onErased: () => clearBeside(options, parts) };
      let unseen: number;
      if (kind === "channel") {
        const done = await eraseChannel(note, erasing);
        unseen = done.unseen;
        await context.print(
          `${done.files} files erased; the channel is recorded and given no more\n`,
        );
      } else {
        const done = await eraseUser(note, erasing);
        unseen = done.unseen;
        await context.print(`${done.messages} messages erased\n`);
      }
      if (unseen > 0) throw new QuietExit(EXIT.failed, "Some files could not be read");
    });
}

/** Has the index and the saved pictures forget what the files hold no more. Loaded here: other uses need neither. */
async function clearBeside(
  options: EraseOptions,
  parts: Pick<ArchiveParts, "index" | "journalFolder">,
): Promise<void> {
  const { dropStaleHours } = await import("../../../node/wiring/index_parts.ts");
  for (const channel of await channelsOf(options)) {
    await dropStaleHours(channel, { ...options, place: parts.index });
  }
  const { dropPicturesIn } = await import("../../../node/wiring/parts/media_parts.ts");
  const { store, hasher, reporter, signal } = options;
  await dropPicturesIn(parts.journalFolder, { store, hasher, reporter, signal });
}

async function idFrom(
  { userId, login, channel }: OptOutFlags,
  { command, options }: { readonly command: Command; readonly options: EraseOptions },
): Promise<string> {
  if (userId !== undefined) {
    if (/^[0-9]{1,20}$/.test(userId)) return userId;
    return command.error(`error: "${userId}" is no user's id: it has digits only`);
  }
  const [name] = login;
  if (name === undefined) return command.error("error: name the user with --user-id or --login");
  const ids = new Set<string>();
  const room = channel ? await newestRoomOf(name.toLowerCase(), options) : undefined;
  if (room !== undefined) ids.add(room);
  for (const channel of room === undefined ? await channelsOf(options) : []) {
    for (const id of await idsOf(name, { ...options, channel })) ids.add(id);
  }
  const [id, ...others] = ids;
  if (id === undefined) {
    return command.error(`error: the archive knows no user "${name}": give the id with --user-id`);
  }
  if (others.length === 0) return id;
  return command.error(
    `error: several users were called "${name}": choose one with --user-id: ${[...ids].join(", ")}`,
  );
}

async function printList(book: OptOutBook, { print }: VerbContext): Promise<void> {
  for (const { kind, id, madeUs, isDone } of book.notes) {
    const when = new Date(madeUs / MILLISECOND_US).toISOString();
    await print(`${kind} ${id} ${when}${isDone ? "" : " not yet erased"}\n`);
  }
}

interface Work {
  readonly options: EraseOptions;
  readonly context: VerbContext;
}

async function printOwn(id: string, { options, context: { print } }: Work): Promise<void> {
  for (const channel of await channelsOf(options)) {
    for await (const line of ownLines(channel, { ...options, userId: id })) {
      await print(`${line}\n`);
    }
  }
}

async function undo(
  { kind, id }: Pick<OptOutNote, "kind" | "id">,
  { options, context: { print } }: Work,
): Promise<void> {
  let orders = 0;
  // The note goes first: a recorder that finds it would give the orders again.
  await options.book.delete({ kind, id });
  for (const channel of kind === "user" ? await channelsOf(options) : []) {
    for (const each of await listRedactions(channel, options)) {
      if (!each.ok || each.redaction.reason !== OPT_OUT_REASON) continue;
      const { target } = each.redaction;
      if (target.kind !== "user" || target.userId !== id) continue;
      await options.store.delete(each.key, { signal: options.signal });
      orders++;
    }
  }
  await print(
    `The ${kind} is recorded again; ${orders} orders deleted here. Peers that have taken them keep ` +
      `them, and give them back unless they are undone there too\n`,
  );
}
