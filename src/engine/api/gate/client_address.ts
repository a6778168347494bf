import type { RoutedRequest } from "../../../ports/http.ts";

// Headers that proxies add. A request with one of them came through a proxy.
const FORWARDED = new RegExp(
  "^(forwarded|via|x-forwarded.*|x-real-.*|x-original-.*|x-proxy.*|x-envoy-.*|x-client-ip|" +
    "x-cluster-client-ip|true-client-ip|client-ip|cf-.*|cdn-.*|fastly-.*|x-arr-.*|x-azure-.*|" +
    "x-amzn-trace-id|x-cloud-trace-context|x-appengine-.*)$",
);

/** Whether an address or the name of a host is this machine's own. */
function isLoopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|(\[?(::1|::ffff:127\.[\d.]+|::ffff:7f[0-9a-f]{2}:[0-9a-f]+)\]?)|localhost)$/i
    .test(host);
}

/**
 * Whether a request comes from this machine, to this machine, and has no header of a proxy.
 * The name in `Host` counts, so that no page of another site gets in by resolving its own name to
 * 127.0.0.1. A proxy that adds no header passes: secrets need more than this.
 */
export function isFromHere({ request, caller }: RoutedRequest): boolean {
  return isLoopback(caller.address) && isLoopback(new URL(request.url).hostname) &&
    ![...request.headers.keys()].some((name) => FORWARDED.test(name));
}

/** Whether `address` is one of `proxies`: addresses, or `loopback` for all of this machine's. */
export function isTrustedProxy(address: string, proxies: readonly string[]): boolean {
  const plain = plainAddress(address);
  return proxies.some((each) =>
    each === "loopback" ? isLoopback(plain) : plainAddress(each) === plain
  );
}

/**
 * The address of the client behind trusted proxies: the rightmost in `X-Forwarded-For` that is none
 * of theirs, as everything left of it is what the client itself may have written.
 */
export function clientAddress(
  { request, caller }: RoutedRequest,
  proxies: readonly string[],
): string {
  if (!isTrustedProxy(caller.address, proxies)) return caller.address;
  const hops = (request.headers.get("x-forwarded-for") ?? "").split(",").map(plainAddress);
  for (const hop of hops.reverse()) {
    // An entry that is no address does not name a client.
    if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$/.test(hop)) return caller.address;
    if (!isTrustedProxy(hop, proxies)) return hop;
  }
  return caller.address;
}

/** An address without its port, brackets, zone and the prefix of IPv4 in IPv6. */
function plainAddress(text: string): string {
  const bare = text.trim().toLowerCase().replace(/^"(.*)"$/, "$1");
  return bare.replace(/^\[([^\]]*)\](:\d+)?$/, "$1").replace(/^([\d.]+):\d+$/, "$1")
    .replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, "");
}
