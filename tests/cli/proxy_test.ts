import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { proxyFor } from "../../src/adapters/proxy/proxy_choice.ts";
import { PROXY_CASES, proxyCaseSkip, runProxyCase } from "./proxy_cases.ts";
import { MAIN } from "./run_cli.ts";

const chatloom = [process.execPath, "run", "--allow-all", "--no-check", MAIN];

for (const name of Object.keys(PROXY_CASES)) {
  const options = { timeout: 120_000, skip: proxyCaseSkip(name) };
  test(`in Deno, ${name}`, options, () => runProxyCase(name, chatloom));
}

test("proxyFor finds the variable for an address", () => {
  const env = {
    HTTPS_PROXY: "http://u:p@secure:1",
    http_proxy: "plain:2",
    ALL_PROXY: "http://all:3",
  };
  const hostOf = (url: string, more = {}) => proxyFor(url, { ...env, ...more })?.host;
  assert.equal(hostOf("wss://a.example"), "secure:1");
  assert.equal(hostOf("https://a.example"), "secure:1");
  assert.equal(hostOf("ws://a.example"), "plain:2");
  assert.equal(hostOf("http://a.example", { http_proxy: "" }), "all:3");
  assert.equal(hostOf("http://a.example", { HTTP_PROXY: "http://upper:4" }), "plain:2");
  assert.equal(hostOf("http://a.example", { http_proxy: "http://[" }), undefined);
  assert.equal(hostOf("no address"), undefined);
});

test("proxyFor leaves out what NO_PROXY names", () => {
  const isProxied = (url: string, NO_PROXY: string) =>
    proxyFor(url, { ALL_PROXY: "http://all:3", NO_PROXY }) !== undefined;
  for (
    const [url, entry] of [
      ["http://a.example", "*"],
      ["http://a.example", "b.example, a.example"],
      ["http://a.example", "EXAMPLE"],
      ["http://a.example", ".example"],
      ["http://a.example", "*.example"],
      ["wss://a.example", "a.example:443"],
      ["http://127.0.0.1:8080", "127.0.0.1"],
      ["http://10.1.2.3", "10.0.0.0/8"],
      ["http://[::1]:8080", "::1"],
      ["http://[::1]:8080", "[::1]:8080"],
      ["http://[fd00::1]", "fd00::/8"],
    ] as const
  ) assert.equal(isProxied(url, entry), false, `${url} ${entry}`);
  for (
    const [url, entry] of [
      ["http://a.example", ""],
      ["http://ba.example", "a.example"],
      ["http://a.example", "a.example:443"],
      ["http://11.1.2.3", "10.0.0.0/8"],
      ["http://11.1.2.3", "3"],
      ["http://a.example", "10.0.0.0/8,10.0.0.0/99"],
    ] as const
  ) assert.equal(isProxied(url, entry), true, `${url} ${entry}`);
});
