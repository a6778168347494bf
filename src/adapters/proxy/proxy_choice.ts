import { BlockList, isIP } from "node:net";
import process from "node:process";

/** The proxy that the environment wants for an address. */
export interface ProxyChoice {
  /** Its address, with its credentials. Must not be shown. */
  readonly url: URL;
  /** Its host and port, for display. */
  readonly host: string;
  /** The variable of the environment that names it. */
  readonly variable: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for `url`: of `HTTPS_PROXY` for https and wss, of `HTTP_PROXY` for http and ws, else of
 * `ALL_PROXY`, unless `NO_PROXY` names the host; lower case counts as well, and first. `undefined` for
 * none, also where a variable holds no address.
 *
 * An entry of `NO_PROXY` is a host, which stands for its subdomains too, an address, a network such as
 * `10.0.0.0/8`, or `*`; with `:port` behind it, for that port alone. So do curl and Deno read it.
 */
export function proxyFor(url: string, env: Environment = process.env): ProxyChoice | undefined {
  if (!URL.canParse(url)) return undefined;
  const target = new URL(url);
  const isSecure = /^(?:https|wss):$/.test(target.protocol);
  const port = target.port || (isSecure ? "443" : "80");
  const [, exceptions = ""] = variableOf("NO_PROXY", env) ?? [];
  const hostname = target.hostname.replace(/^\[|\]$/g, "");
  if (exceptions.split(/[\s,]+/).some((entry) => isException(entry, { hostname, port }))) {
    return undefined;
  }
  const found = variableOf(isSecure ? "HTTPS_PROXY" : "HTTP_PROXY", env) ??
    variableOf("ALL_PROXY", env);
  if (found === undefined) return undefined;
  const [variable, value] = found;
  const address = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(address)) return undefined;
  const proxy = new URL(address);
  return { url: proxy, host: proxy.host, variable };
}

function variableOf(name: string, env: Environment): readonly [string, string] | undefined {
  for (const variant of [name.toLowerCase(), name]) {
    const value = env[variant]?.trim() ?? "";
    if (value !== "") return [variant, value];
  }
  return undefined;
}

function isException(
  entry: string,
  { hostname, port }: { readonly hostname: string; readonly port: string },
): boolean {
  if (entry === "" || entry === "*") return entry === "*";
  const network = /^([\da-f.:]+)\/(\d{1,3})$/i.exec(entry);
  if (network !== null) return isInside(hostname, network[1]!, Number(network[2]));
  const [, name = entry, onlyPort] = isIP(entry) === 6 ? [] : /^(.*?)(?::(\d+))?$/.exec(entry)!;
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const host = name.toLowerCase().replace(/^\[|\]$/g, "").replace(/^\*?\.?/, "");
  return host !== "" &&
    (hostname === host || (isIP(hostname) === 0 && hostname.endsWith(`.${host}`)));
}

function isInside(address: string, network: string, bits: number): boolean {
  const family = isIP(address);
  if (family === 0 || family !== isIP(network) || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(address, type);
}
