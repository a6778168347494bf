/** Records a channel of a simulated Twitch into a folder for some seconds, and reads what was said. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveSimulatedTwitch } from "@chatloom/chatloom/cli";
import { openArchive, read, record } from "@chatloom/chatloom/node";

const folder = await mkdtemp(join(tmpdir(), "chatloom-example-"));
const twitch = await serveSimulatedTwitch();
try {
  const archive = await openArchive(join(folder, "chat"), { create: true, log: "stderr" });
  // Without `url` it is Twitch's own server.
  await record(archive, ["forsen"], { url: twitch.url, signal: AbortSignal.timeout(4_000) });

  let count = 0;
  for await (const { message, earliest } of read(archive, "forsen")) {
    count++;
    if (message.command !== "PRIVMSG") continue;
    console.log(earliest.toISOString(), message.sender, message.params[1]);
  }
  if (count === 0) throw new Error("nothing was recorded");
} finally {
  await twitch.close();
  await rm(folder, { recursive: true });
}
