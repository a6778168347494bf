/** The address of a node, and its token. */
export interface NodeAddress {
  /** The base URL of its routes, with a slash at the end. */
  readonly url: string;
  /** The bearer token, if the node wants one. */
  readonly token: string | undefined;
}

/** Asks a node for `path`. Rejects as `fetch` does. */
export function askNode(
  { url, token }: NodeAddress,
  path: string,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = token === undefined
    ? {}
    : { authorization: `Bearer ${token}` };
  return fetch(new URL(path, url), { signal, headers, credentials: "omit" });
}
