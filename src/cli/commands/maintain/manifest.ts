import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { nodeHasher } from "../../../adapters/hashers/node_hasher.ts";
import { ed25519Signer, newSigningKey } from "../../../adapters/signatures/ed25519.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import { systemRandom } from "../../../adapters/system/system_random.ts";
import { chatFolder, parseHour } from "../../../core/archive/archive_key.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { formatDay, parseDay } from "../../../core/manifest/manifest.ts";
import { DAY_US, type Micros, MINUTE_US } from "../../../core/time.ts";
import { makeManifest } from "../../../engine/manifest/make_manifest.ts";
import { channelsOf, type EraseOptions } from "../../../engine/optout/erase_user.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import type { Signer } from "../../../ports/crypto/signer.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { contextOf } from "../../frame/context.ts";
import { examplesOf } from "../../frame/program.ts";
import { writeOutput } from "../../frame/write_output.ts";

interface ManifestFlags {
  readonly archive: string;
  readonly key: string;
  readonly newKey?: boolean;
  readonly output?: string;
  readonly messages: boolean;
}

/** `chatloom manifest`: writes a signed list of what an archive holds of a day. */
export function manifestCommand(): Command {
  return new Command("manifest")
    .description("sign a list of all files of a day, so that later changes can be shown")
    .argument("<day>", "the day, in UTC: 2026-08-01", parseDayArgument)
    .argument("[channels...]", "only these channels (default: all that have chat of the day)")
    .requiredOption("-a, --archive <dir|url>", "the archive, which is only read")
    .requiredOption("-k, --key <file>", "the private key: Ed25519, PEM of PKCS #8")
    .option("--new-key", "make the key first, if there is no such file")
    .option("-o, --output <dir>", "write DIR/CHANNEL-DAY.manifest (default: to standard output)")
    .option("--no-messages", "list files only: later, no one can tell what changed in a minute")
    .addHelpText(
      "after",
      "\nA manifest holds names of files, digests of messages and of the names in them, and no text.\n" +
        "Sign a day when it is over and settled, and keep the manifest elsewhere. Publish the public\n" +
        "key: `chatloom verify --manifest` then shows what was removed or added since, and which\n" +
        "messages an order to forget removed. A guess at a name can be tested against its digest.\n" +
        examplesOf([
          "chatloom manifest 2026-08-01 -a chat --key archive.pem --new-key -o manifests",
          "chatloom manifest 2026-08-01 forsen -a chat -k archive.pem > forsen.manifest",
          "chatloom verify -a chat --manifest manifests/*.manifest",
        ]),
    )
    .action(
      async (dayUs: Micros, channels: string[], flags: ManifestFlags, command: Command) => {
        checkChannels(channels, command);
        const context = contextOf(command);
        const { reporter, signal } = context;
        const clock = systemClock();
        // What is sent in the day's last minute may be stored two minutes later.
        if (clock.wallUs() < dayUs + DAY_US + 3 * MINUTE_US) {
          throw new ChatloomError("INPUT_UNREADABLE", `The day ${formatDay(dayUs)} is not over`);
        }
        const { files: store } = await openParts(flags.archive);
        const signer = await signerOf(flags);
        const wanted = channels.length > 0
          ? channels
          : await channelsOfDay(dayUs, { store, signal });
        const day = { dayUs, store, hasher: nodeHasher(), clock, reporter, signer, signal };
        const options = { ...day, random: systemRandom(), listsMessages: flags.messages };
        if (flags.output !== undefined) await mkdir(flags.output, { recursive: true });
        for (const channel of wanted) {
          const path = flags.output &&
            join(flags.output, `${channel}-${formatDay(dayUs)}.manifest`);
          await writeOutput(makeManifest(channel, options), path, context);
          if (path !== undefined) await context.print(`${path}\n`);
        }
        const publicKey = toDigestText(signer.publicKey);
        reporter.report("info", "Signed", { manifests: wanted.length, publicKey });
      },
    );
}

function parseDayArgument(text: string): Micros {
  const dayUs = parseDay(text);
  if (dayUs === undefined) throw new InvalidArgumentError("Write a day as 2026-08-01.");
  return dayUs;
}

/** The channels that have chat of the day. */
async function channelsOfDay(
  dayUs: Micros,
  { store, signal }: Pick<EraseOptions, "store" | "signal">,
): Promise<string[]> {
  const found: string[] = [];
  for (const channel of await channelsOf({ store, signal })) {
    for await (const hour of store.folders(chatFolder(channel), { signal })) {
      const hourUs = parseHour(hour);
      if (hourUs === undefined || hourUs < dayUs || hourUs >= dayUs + DAY_US) continue;
      found.push(channel);
      break;
    }
  }
  return found;
}

async function signerOf({ key, newKey = false }: ManifestFlags): Promise<Signer> {
  if (newKey) await makeKey(key);
  let pem: string;
  try {
    pem = await readFile(key, "utf8");
  } catch (cause) {
    const cure = "--new-key makes one";
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read the key "${key}": ${cure}`, { cause });
  }
  return await ed25519Signer(pem);
}

/** Writes a new key, unless there is a file of that name: a key that was lost signs nothing any more. */
async function makeKey(path: string): Promise<void> {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(await newSigningKey());
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new ChatloomError("STORE_IO", `Cannot write the key "${path}"`, { cause });
  }
}
