/** Where a server listens. */
export interface ListenAddress {
  readonly hostname: string;
  /** 0 for one that is free. */
  readonly port: number;
}

/**
 * Reads `HOST:PORT`, `[::1]:PORT`, `:PORT` or `PORT`: without a host it is 127.0.0.1, so that no server
 * listens to all networks by omission.
 *
 * @throws {RangeError} when it is none of these.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(\[[0-9a-f:.]+\]|[\w.-]*):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new RangeError(`Cannot listen on "${text}": it must look like 127.0.0.1:8080`);
  }
  const hostname = match[1]?.replace(/^\[|\]$/g, "") || "127.0.0.1";
  return { hostname, port };
}

/** Writes where a server listens as an address for clients, without a slash at the end. */
export function toUrl({ address, port }: {
  readonly address: string;
  readonly port: number;
}): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
