import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startServing, stopNode } from "../nodes/node_processes.ts";
import { runCli } from "../run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-media-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const archive = join(folder, "chat");
const PNG = "\x89PNG\r\n\x1a\n picture of ";

/** A server that has what the servers of emotes have, each under its name. */
async function fakeServers(): Promise<{ url: string; asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    if (url === "/api.betterttv.net/3/cached/users/twitch/22") {
      const channelEmotes = [{ id: "b1", code: "catJAM" }];
      return void response.end(JSON.stringify({ channelEmotes, sharedEmotes: [] }));
    }
    if (url.startsWith("/api.")) return void response.end("[]");
    if (url.includes("/9/")) return void response.writeHead(404).end();
    response.end(PNG + url, "latin1");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, close: () => server.close() };
}

function line(n: number, emotes: string, text: string): string {
  return `@emotes=${emotes};id=m${n};room-id=22;tmi-sent-ts=${
    1785587640000 + n * 1000
  };user-id=7 ` +
    `:ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :${text}\n`;
}

test("media saves the emotes of a channel from a mirror and asks no private host, and serve gives them", async () => {
  const capture = join(folder, "capture.log");
  const lines = [
    line(1, "25:0-4", "Kappa catJAM"),
    line(2, "9:0-3", "Gone https://127.0.0.1/a.png"),
  ];
  writeFileSync(capture, lines.join(""));
  assert.equal((await runCli(["import", capture, "-a", archive])).exitCode, 0);
  const servers = await fakeServers();
  const args = [
    "media",
    "-a",
    archive,
    "--emotes",
    "twitch,bttv",
    "--mirror",
    servers.url,
    "--links",
  ];
  try {
    const first = await runCli(args);
    assert.equal(first.exitCode, 0, first.stderr);
    assert.equal(first.stdout, "2 saved, 0 were here, 2 could not be had\n");
    assert.match(
      first.stderr,
      /127\.0\.0\.1, which is no public address/,
      "a link leads to no private host",
    );
    assert.match(first.stderr, /the server answers 404/);
    const count = servers.asked.length;
    const again = await runCli(args);
    assert.equal(again.stdout, "0 saved, 2 were here, 2 could not be had\n");
    assert.equal(servers.asked.length, count + 2, "only the two sets are asked for again");
  } finally {
    servers.close();
  }
  const node = await startServing(["serve", "--listen", "127.0.0.1:0", "--archive", archive]);
  try {
    const url = `http://127.0.0.1:${node.port}`;
    const emote = await fetch(`${url}/emotes/twitch/25`);
    assert.equal(emote.headers.get("content-type"), "image/png");
    assert.match(await emote.text(), /picture of .*\/25\//);
    const [word] = await (await fetch(`${url}/forsen/emotes.json`)).json();
    assert.deepEqual([word.name, word.provider], ["catJAM", "bttv"]);
    assert.match(await (await fetch(`${url}/media/${word.hash}`)).text(), /emote\/b1\/1x/);
    assert.equal((await fetch(`${url}/emotes/twitch/9`)).status, 404);
  } finally {
    await stopNode(node, "SIGTERM");
  }
});

test("media says what is wrong with its flags", async () => {
  const provider = await runCli(["media", "-a", archive, "--emotes", "twitch,tiktok"]);
  assert.match(provider.stderr, /"tiktok" is no provider/);
  assert.equal(provider.exitCode, 2);
  const mirror = await runCli(["media", "-a", archive, "--mirror", "file:///etc"]);
  assert.match(mirror.stderr, /It must be an address of http or https/);
});
