import { existsSync, readdirSync, readFileSync } from "node:fs";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";

const shared = new URL("../../../shared/data/", import.meta.url);

/** What to start from where there is no real chat: one line of each shape. */
const SHAPES = [
  "@badge-info=;badges=moderator/1;color=#1E90FF;display-name=Ada;emotes=25:0-4;id=b34ccfc7-4977;" +
  "mod=1;room-id=1;tmi-sent-ts=1785587645123;user-id=7 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :Kappa  h\u00e9 ",
  "@login=ada;msg-id=resub;system-msg=Ada\\ssubscribed\\:\\\\;tmi-sent-ts=1785587646000 :tmi.twitch.tv USERNOTICE #forsen :x",
  "@ban-duration=600;room-id=1;target-user-id=7;tmi-sent-ts=1785587647999 :tmi.twitch.tv CLEARCHAT #forsen :ada",
  "@emote-only=0;followers-only=-1;r9k=0;room-id=1;slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE #forsen",
  ":ada!ada@ada.tmi.twitch.tv JOIN #forsen",
  ":tmi.twitch.tv HOSTTARGET #forsen :nymn 12",
  ":!@.tmi.twitch.tv CLEARCHAT ogprodigy",
  ":justinfan1.tmi.twitch.tv 353 justinfan1 = #forsen :ada nymn",
  "PING :tmi.twitch.tv",
];

function realLines(): string[] {
  const folder = new URL("lines/", shared);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".txt")).sort().flatMap((name) =>
    readFileSync(new URL(name, folder), "utf8").split("\n").filter((line) => line !== "").slice(
      0,
      400,
    )
  );
}

/** Lines of chat: real ones where they are there. */
export const LINES: readonly string[] = [...SHAPES, ...realLines()];

/** Lines of batches, without line feeds: the reference's where they are there. */
export const BATCH_LINES: readonly string[] = [...ownBatchLines(), ...goldenLines()];

function ownBatchLines(): string[] {
  return SHAPES.flatMap((line, i) => {
    const parsed = parseIrcLine(line);
    if (!parsed.ok) return [];
    const ranged = { time: 1785587640 + i, time_range: [0.5, 10, 55][i % 3]! };
    const own = { received: 1785587650.5, ...ranged };
    const plain = encodeBatch([{
      ...parsed.message,
      receivers: { "alpha.AbCdE.0": 1785587650.25, "beta.xYz12.1": 1785587651 },
      ...(parsed.message.tags?.["tmi-sent-ts"] === undefined
        ? ranged
        : { time: Number(parsed.message.tags["tmi-sent-ts"]) / 1000, time_range: 0 }),
    }]);
    const withOwnRange = encodeBatch([{
      ...parsed.message,
      tags: null,
      receivers: { "alpha.AbCdE.0": own, "beta.xYz12.1": 1785587651 },
      ...ranged,
    }]);
    return [plain, withOwnRange].map((bytes) => new TextDecoder().decode(bytes).trimEnd());
  });
}

function goldenLines(): string[] {
  const folder = new URL("golden/", shared);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\d\d:00-.*\.json$/.test(name)).sort()
    .flatMap((name) => readFileSync(new URL(name, folder), "utf8").split("\n"))
    .filter((line) => line !== "");
}
