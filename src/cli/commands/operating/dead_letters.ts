import { Command } from "commander";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import { nodeGzip } from "../../../adapters/compressors/node_gzip.ts";
import {
  type DeadLetter,
  type DeadLetterPlace,
  deadLetters,
  retryDeadLetter,
} from "../../../engine/remote/operating/dead_letters.ts";
import { withBrokerLink } from "../../../node/wiring/broker/broker_link.ts";
import { addConfigFlag } from "../../config/loaded_config.ts";
import { neededBroker } from "../../config/needed_broker.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

/** How much of a body is shown. */
const SHOWN_MAX_BYTES = 4_096;
/** What a body is decompressed to, at the most. */
const FILE_MAX_BYTES = 256 * 1024 * 1024;

interface DeadLettersFlags {
  readonly all?: boolean;
}

/** `chatloom dead-letters`: decides about messages that workers gave up. */
export function deadLettersCommand(): Command {
  const command = new Command("dead-letters")
    .description("decide about messages that workers could not store")
    .argument("<what>", "list, show, retry or drop")
    .argument("[ids...]", "the messages, as list prints them")
    .option("--all", "with retry and drop: all of them");
  return addConfigFlag(command)
    .addHelpText(
      "after",
      "\nA worker gives a message up that it can never store, or at which three workers ended. list says\n" +
        "why, show prints one with the begin of its file, retry hands it to the workers again, drop deletes\n" +
        "it for good. While one of these runs, another does not see what it looks at.\n" +
        examplesOf([
          "chatloom dead-letters list --config chatloom.toml",
          "chatloom dead-letters show 1f0a9c03d2be --config chatloom.toml",
          "chatloom dead-letters retry --all --config chatloom.toml",
          "chatloom dead-letters drop 1f0a9c03d2be --config chatloom.toml",
        ]),
    )
    .action(async (what: string, ids: string[], flags: DeadLettersFlags, command: Command) => {
      const work = WORKS.get(what);
      if (work === undefined) {
        command.error(`error: "${what}" is none of ${[...WORKS.keys()].join(", ")}`);
      }
      if (what !== "list" && ids.length === 0 && (flags.all !== true || what === "show")) {
        const all = what === "show" ? "" : ", or say --all";
        command.error(`error: name the messages to ${what}${all}`);
      }
      const broker = neededBroker(command);
      const context = contextOf(command);
      const { archive, rangeCount } = broker;
      const hasher = await bestHasher();
      await withBrokerLink(broker, {
        signal: context.signal,
        use: async (link) => {
          const place = { link, archive, rangeCount, hasher };
          await walk({ place, ids, work, context });
        },
      });
    });
}

/** Does something with a dead letter. Resolves with a line to print. */
type Work = (letter: DeadLetter, place: DeadLetterPlace) => Promise<string>;

const WORKS: ReadonlyMap<string, Work> = new Map<string, Work>([
  ["list", (letter) => Promise.resolve(describe(letter))],
  ["show", show],
  ["retry", retry],
  ["drop", (letter) => {
    letter.delivery.acknowledge();
    return Promise.resolve(`${letter.id} dropped: ${keyOf(letter)}`);
  }],
]);

async function walk(
  { place, ids, work, context: { print, signal } }: {
    readonly place: DeadLetterPlace;
    readonly ids: readonly string[];
    readonly work: Work;
    readonly context: VerbContext;
  },
): Promise<void> {
  const done = new Set<string>();
  let [count, cameBack] = [0, 0];
  for await (const letter of deadLetters(place)) {
    signal.throwIfAborted();
    if (ids.length > 0 && !ids.includes(letter.id)) continue;
    if (work === retry && done.has(letter.id)) {
      cameBack++; // Or a copy: it stays, so that what the workers refuse at once does not go round for ever.
      continue;
    }
    done.add(letter.id);
    count++;
    await print(`${await work(letter, place)}\n`);
  }
  if (cameBack > 0) await print(`${cameBack} are there again\n`);
  const missing = ids.filter((id) => !done.has(id));
  if (missing.length > 0) {
    await print(`There is no ${missing.join(", ")}\n`);
    throw new QuietExit(EXIT.failed, "Some messages are not among the dead letters");
  }
  if (count === 0) await print("There are no dead letters\n");
}

async function retry(letter: DeadLetter, place: DeadLetterPlace): Promise<string> {
  const outcome = await retryDeadLetter(letter, place);
  if (outcome === "confirmed") return `${letter.id} is sent again: ${keyOf(letter)}`;
  const why = outcome === "returned" ? "no queue takes it" : "the queue of its range is full";
  return `${letter.id} stays: ${why}`;
}

function describe(letter: DeadLetter): string {
  const { id, reason, delivery: { headers, body, appId = "unknown" } } = letter;
  const method = escapeControls(String(headers.get("method") ?? "?").slice(0, 20));
  return `${id} ${method} ${keyOf(letter)}\n` +
    `  ${escapeControls(reason)}; ${body.length} bytes from ${escapeControls(appId)}`;
}

function keyOf({ delivery: { headers } }: DeadLetter): string {
  return escapeControls(String(headers.get("key") ?? "without a key").slice(0, 500));
}

async function show(letter: DeadLetter): Promise<string> {
  const { headers, messageId, death, body, contentEncoding } = letter.delivery;
  const names = [...headers].map(([name, value]) => `  ${name}: ${String(value).slice(0, 1_000)}`);
  const length = Number(headers.get("length"));
  const isGzip = contentEncoding === "gzip" && length <= FILE_MAX_BYTES;
  const bytes = isGzip ? await nodeGzip().decompress(body, length) ?? body : body;
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN_MAX_BYTES));
  const rest = bytes.length - SHOWN_MAX_BYTES;
  const lines = [
    describe(letter),
    `  message id: ${messageId ?? "none"}`,
    ...(death === undefined ? [] : [`  died in: ${death.queue} (${death.reason})`]),
    ...names,
    ...text.split("\n"),
    ...(rest > 0 ? [`… and ${rest} bytes`] : []),
  ];
  return lines.map((line) => line.split("\n").map(escapeControls).join("\n")).join("\n");
}
