import { hideUser } from "../../adapters/http_peer/hide_user.ts";
import { proxyFor } from "../../adapters/proxy/proxy_choice.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** Logs each proxy that the environment puts before `urls`, once, without its credentials. */
export function reportProxies(urls: readonly string[], reporter: Reporter): void {
  const told = new Set<string>();
  for (const url of urls) {
    const proxy = proxyFor(url);
    if (proxy === undefined || told.has(proxy.host)) continue;
    told.add(proxy.host);
    const { host, variable } = proxy;
    reporter.report("info", "Connecting through a proxy", {
      proxy: host,
      variable,
      url: hideUser(url),
    });
  }
}
