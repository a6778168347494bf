import assert from "node:assert/strict";
import { join } from "node:path";
import { HOST, NO_CERTIFICATES, openProxyWorld, type ProxyWorld, runUntil } from "./proxy_world.ts";

interface Case {
  readonly world: ProxyWorld;
  readonly record: Run;
  readonly sync: Run;
}

type Run = (
  url: string,
  env: Readonly<Record<string, string>>,
  isDone: (text: string) => boolean,
) => Promise<string>;

/** A port that refuses connections: of a service that this machine does not run. */
const CLOSED = "127.0.0.1:9";

const UNKNOWN_AUTHORITY = "an unknown authority is named, and its certificate mends it";

/** Why one of {@link PROXY_CASES} cannot run here; `false` if it can. */
export function proxyCaseSkip(name: string): string | false {
  return name === UNKNOWN_AUTHORITY && NO_CERTIFICATES;
}

/** Every way that the command deals with a proxy and with unknown authorities, by name. */
export const PROXY_CASES: Readonly<Record<string, (it: Case) => Promise<void>>> = {
  async "record and sync go through the proxy that HTTP_PROXY names"({ world, record, sync }) {
    const env = { HTTP_PROXY: `http://user:secret@${world.proxy}` };
    const chat = `${HOST}:${world.ports.chat}`;
    const recorded = await record(`ws://${chat}`, env, () => world.arrivals.chat > 0);
    assert.equal(world.arrivals.chat, 1, recorded);
    assert.match(world.asked.join("\n"), new RegExp(chat));
    assert.match(recorded, new RegExp(`through a proxy.*${world.proxy}`));
    const pulled = await sync(`http://${HOST}:${world.peerPort}`, env, () => false);
    assert.ok(world.arrivals.peer > 0, pulled);
    assert.match(pulled, new RegExp(`through a proxy.*${world.proxy}`));
    assert.doesNotMatch(recorded + pulled, /secret/);
    const login = `Basic ${btoa("user:secret")}`;
    assert.deepEqual([...new Set(world.logins)], [login]);
  },

  async "variables in lower case count, and NO_PROXY is gone around"({ world, record, sync }) {
    const { proxy, ports, peerPort, arrivals } = world;
    for (
      const env of [{ all_proxy: proxy, no_proxy: "127.0.0.1" }, {
        ALL_PROXY: `http://${proxy}`,
        NO_PROXY: "example.com,127.0.0.0/8",
      }]
    ) {
      const [chat, peer] = [arrivals.chat, arrivals.peer];
      const url = `ws://127.0.0.1:${ports.chat}`;
      const text = await record(url, env, () => arrivals.chat > chat);
      assert.equal(arrivals.chat, chat + 1, text);
      assert.doesNotMatch(text, /through a proxy/);
      await sync(`http://127.0.0.1:${peerPort}`, env, () => false);
      assert.ok(arrivals.peer > peer);
      assert.deepEqual(world.asked, []);
    }
    const text = await sync(`http://${HOST}:${peerPort}`, { http_proxy: proxy }, () => false);
    assert.ok(world.asked.length > 0, text);
  },

  async "a proxy that wants a login, or is not there, is named"({ world, record, sync }) {
    world.refuse(407);
    const urls = [
      [record, `ws://${HOST}:${world.ports.chat}`],
      [record, `wss://${HOST}:${world.ports.chatTls || 443}`],
      [sync, `https://${HOST}:${world.ports.peerTls || 443}`],
    ] as const;
    for (const [run, url] of urls) {
      const refused = /through the proxy \\*"127\.0\.0\.1:\d+\\*": it wants a login/;
      const text = await run(
        url,
        { ALL_PROXY: `http://user:secret@${world.proxy}` },
        (text) => refused.test(text),
      );
      assert.match(text, refused, url);
      assert.doesNotMatch(text, /secret/);
      const absent =
        /through the proxy \\*"127\.0\.0\.1:9\\*": check that it runs .*NO_PROXY=far\.invalid/;
      const env = { ALL_PROXY: `http://user:secret@${CLOSED}` };
      const lost = await run(url, env, (text) => absent.test(text));
      assert.match(lost, absent, url);
      assert.doesNotMatch(lost, /secret/);
    }
  },

  async "a SOCKS proxy that cannot be used is named"({ record, sync }) {
    const env = { ALL_PROXY: `socks5://user:secret@${CLOSED}` };
    const named = /proxy \\*"127\.0\.0\.1:9\\*": /;
    for (const [run, url] of [[record, `ws://${HOST}`], [sync, `http://${HOST}`]] as const) {
      const text = await run(url, env, (text) => named.test(text));
      assert.match(text, named);
      assert.doesNotMatch(text, /secret/);
    }
  },

  async [UNKNOWN_AUTHORITY]({ world, record, sync }) {
    const advice =
      /authority that signed its certificate is unknown here.*(?:NODE_EXTRA_CA_CERTS|DENO_CERT)/;
    const trust = { NODE_EXTRA_CA_CERTS: world.authority, DENO_CERT: world.authority };
    for (const env of [{}, { HTTPS_PROXY: `http://${world.proxy}` }]) {
      const host = "HTTPS_PROXY" in env ? HOST : "127.0.0.1";
      const [chat, peer] = [world.arrivals.chat, world.arrivals.peer];
      const chatUrl = `wss://${host}:${world.ports.chatTls}`;
      assert.match(await record(chatUrl, env, (text) => advice.test(text)), advice);
      const peerUrl = `https://${host}:${world.ports.peerTls}`;
      assert.match(await sync(peerUrl, env, (text) => advice.test(text)), advice);
      assert.deepEqual([world.arrivals.chat, world.arrivals.peer], [chat, peer]);

      const known = { ...env, ...trust };
      const text = await record(chatUrl, known, () => world.arrivals.chat > chat);
      assert.equal(world.arrivals.chat, chat + 1, text);
      const pulled = await sync(peerUrl, known, () => false);
      assert.ok(world.arrivals.peer > peer, pulled);
    }
    assert.ok(world.asked.every((what) => what.startsWith(`CONNECT ${HOST}:`)), `${world.asked}`);
  },
};

/** Runs one of {@link PROXY_CASES} with `command`, which is chatloom in some runtime. */
export async function runProxyCase(name: string, command: readonly string[]): Promise<void> {
  const world = await openProxyWorld();
  let count = 0;
  const archive = (): string => join(world.folder, `archive-${count++}`);
  try {
    await PROXY_CASES[name]!({
      world,
      record: (url, env, isDone) =>
        runUntil([...command, "record", "forsen", "-a", archive(), "--url", url], env, isDone),
      sync: (url, env, isDone) =>
        runUntil([...command, "sync", "--once", "-a", archive(), "--peer", url], env, isDone),
    });
  } finally {
    await world.close();
  }
}
