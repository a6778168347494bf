/** Serves an archive in memory, and asks it for the chat of a minute. */
import { batchKey, encodeBatch, nodeApi, SILENT, UNMEASURED } from "@chatloom/chatloom";
import {
  bestHasher,
  honoRouter,
  memoryStore,
  nodeServer,
  systemClock,
  systemRandom,
} from "@chatloom/chatloom/adapters";

const store = memoryStore();
const hasher = await bestHasher();
const time = 1_785_587_645;
const batch = encodeBatch([{
  command: "PRIVMSG",
  params: ["#forsen", "hello"],
  sender: "ada",
  user: "ada",
  host: "ada.tmi.twitch.tv",
  tags: { id: "1", "tmi-sent-ts": `${time}000` },
  receivers: { "alpha.AbCdE.0": time + 0.25 },
  time,
  time_range: 0,
}]);
const digest = await hasher.digest(batch);
await store.put(batchKey("forsen", { timeUs: time * 1_000_000, digest }), batch);

const [clock, random] = [systemClock(), systemRandom()];
const world = { reporter: SILENT, metrics: UNMEASURED, clock, random, version: "0" };
const routes = nodeApi({ store, hasher, ...world });
const server = await nodeServer(honoRouter(routes), { listen: "127.0.0.1:0" });
const range = `start=${time - 5}&end=${time + 55}&format=text`;
console.log(await (await fetch(`${server.url}/forsen/chat.json?${range}`)).text());
await server.close();
