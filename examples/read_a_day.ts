/** Imports a capture into an archive in a folder, reads one of its days, and checks the archive. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importFile, openArchive, read, verify } from "@chatloom/chatloom/node";

const capture = [
  "@id=1;tmi-sent-ts=1785542399000 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :almost August",
  "@id=2;tmi-sent-ts=1785542401000 :bob!bob@bob.tmi.twitch.tv PRIVMSG #forsen :it is August",
].join("\n");

const folder = await mkdtemp(join(tmpdir(), "chatloom-example-"));
try {
  await writeFile(join(folder, "capture.log"), capture);
  const archive = await openArchive(join(folder, "chat"), { create: true });
  await importFile(archive, join(folder, "capture.log"));

  const day = { from: "2026-08-01", until: "2026-08-02" };
  for await (const { message, earliest } of read(archive, "forsen", day)) {
    console.log(earliest.toISOString(), message.sender, message.params[1]);
  }
  for await (const finding of verify(archive)) throw new Error(finding.reason);
} finally {
  await rm(folder, { recursive: true });
}
