/** Serves an archive, and asks it for the chat of a minute. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importFile, openArchive, serve } from "@chatloom/chatloom/node";

const capture = "@id=1;tmi-sent-ts=1785587645123 " +
  ":ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hello\n";

const folder = await mkdtemp(join(tmpdir(), "chatloom-example-"));
try {
  await writeFile(join(folder, "capture.log"), capture);
  const archive = await openArchive(join(folder, "chat"), { create: true });
  await importFile(archive, join(folder, "capture.log"));

  await using server = await serve(archive, { listen: ":0" });
  const range = "start=2026-08-01T12:34&end=2026-08-01T12:35&format=text";
  const answer = await fetch(`${server.url}/forsen/chat.json?${range}`);
  if (!answer.ok) throw new Error(await answer.text());
  console.log(await answer.text());
} finally {
  await rm(folder, { recursive: true });
}
