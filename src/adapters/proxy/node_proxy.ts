// `undici`, because Node's own fetch and `ws` take no proxy from the environment, and this one package
// speaks CONNECT for both. It is loaded where Node runs and a proxy is wanted, and nowhere else.
import type { Socket } from "node:net";
import { Client, fetch as proxiedFetch, ProxyAgent } from "undici";
import type { ProxyChoice } from "./proxy_choice.ts";

/** How long a proxy may take to answer, in ms. */
const PATIENCE_MS = 30_000;

const agents = new Map<string, ProxyAgent>();

/**
 * `fetch` through a proxy, with a tunnel also for `http:`.
 *
 * @throws {TypeError} as `fetch` does, with the reason as `cause`.
 */
export async function fetchThrough(
  { url }: ProxyChoice,
  address: string,
  init: RequestInit,
): Promise<Response> {
  let agent = agents.get(url.href);
  if (agent === undefined) {
    agent = new ProxyAgent({ uri: url.href, connectTimeout: PATIENCE_MS });
    agents.set(url.href, agent); // As many as there are variables in the environment.
  }
  const { headers, ...rest } = init;
  const response = await proxiedFetch(address, {
    ...(rest as object),
    headers: [...new Headers(headers)],
    dispatcher: agent,
  });
  return response as unknown as Response;
}

/**
 * A tunnel through a proxy to `target`, a host and port. The caller owns the socket.
 *
 * @throws {Error} when the proxy cannot be reached, or answers with anything but 200.
 */
export async function openTunnel({ url }: ProxyChoice, target: string): Promise<Socket> {
  const headers: Record<string, string> = { host: target };
  if (url.username !== "") {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers["proxy-authorization"] = `Basic ${Buffer.from(login).toString("base64")}`;
  }
  const client = new Client(url.origin, {
    connectTimeout: PATIENCE_MS,
    headersTimeout: PATIENCE_MS,
  });
  try {
    const { socket, statusCode } = await client.connect({ path: target, headers });
    socket.on("error", () => {}); // Its next owner listens too; until then an error must not end the process.
    if (statusCode === 200) return socket as Socket;
    socket.destroy();
    throw new Error(`the proxy answers ${statusCode}`);
  } finally {
    client.destroy().catch(() => {}); // The socket is no longer the client's.
  }
}
