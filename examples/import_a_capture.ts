/** Puts raw lines of chat into an archive in memory, and prints the archive. */
import {
  decodeBatch,
  importCapture,
  noopReporter,
  parseArchiveKey,
  verifyArchive,
} from "@chatloom/chatloom";
import { bestHasher, memoryStore } from "@chatloom/chatloom/adapters";

const capture = [
  "@id=1;tmi-sent-ts=1785587645123 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hello",
  ":bob!bob@bob.tmi.twitch.tv JOIN #forsen",
  "@id=2;tmi-sent-ts=1785587705000 :bob!bob@bob.tmi.twitch.tv PRIVMSG #forsen :hi Ada",
].join("\n");

const store = memoryStore();
const hasher = await bestHasher();
await importCapture({
  name: "capture.log",
  async *open() {
    yield await Promise.resolve(new TextEncoder().encode(capture));
  },
}, { store, hasher, reporter: noopReporter });

for await (const key of store.list("")) {
  const parts = parseArchiveKey(key);
  const bytes = await store.get(key);
  if (parts === undefined || bytes === undefined) continue;
  console.log(
    parts.channel,
    decodeBatch(bytes).map(({ command, time }) => `${command} at ${time}`),
  );
}
for await (const finding of verifyArchive({ store, hasher })) throw new Error(finding.reason);
