/** Two nodes recorded the same minutes: one file for each minute says what both know. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeBatch, mergeMinutes, type Message } from "@chatloom/chatloom";

function heard(receiver: string, text: string, sentMs: number): Message {
  const [user, time] = ["ada", sentMs / 1000];
  const tags = { id: text, "tmi-sent-ts": String(sentMs) };
  const content = { command: "PRIVMSG", params: ["#forsen", text], tags, sender: user, user };
  return { ...content, host: "h", receivers: { [receiver]: time + 0.25 }, time, time_range: 0 };
}

const first = 1_785_587_645_000;
const folder = await mkdtemp(join(tmpdir(), "chatloom-example-"));
try {
  const [alpha, beta] = [join(folder, "alpha.json"), join(folder, "beta.json")];
  await writeFile(alpha, encodeBatch([heard("alpha.AbCdE.0", "one", first)]));
  await writeFile(
    beta,
    encodeBatch([
      heard("beta.xYz12.0", "one", first),
      heard("beta.xYz12.0", "two", first + 60_000),
    ]),
  );

  const merged = mergeMinutes([await readFile(alpha), await readFile(beta)]);
  for (const { minuteUs, bytes } of merged) {
    console.log(new Date(minuteUs / 1000).toISOString(), new TextDecoder().decode(bytes));
  }
  if (merged.length !== 2) throw new Error("there must be two minutes");
} finally {
  await rm(folder, { recursive: true });
}
