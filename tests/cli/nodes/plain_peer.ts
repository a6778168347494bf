import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";

/** A peer without digests, as a node of wubloader is one, that shows given files. */
export interface PlainPeer {
  readonly url: string;
  /** How often each file was asked for. */
  readonly asked: ReadonlyMap<ArchiveKey, number>;
  close(): void;
}

/** What {@link plainPeer} does when a file is asked for, instead of giving it. */
export type OnFile = (key: ArchiveKey, response: ServerResponse) => "answered" | undefined;

/** Serves `files` on loopback, as they are at the moment of each request. */
export async function plainPeer(
  files: ReadonlyMap<ArchiveKey, Uint8Array>,
  onFile: OnFile = () => undefined,
): Promise<PlainPeer> {
  const asked = new Map<ArchiveKey, number>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://x").pathname);
    if (path.startsWith("/segments/")) {
      const key = path.slice("/segments/".length);
      asked.set(key, (asked.get(key) ?? 0) + 1);
      if (onFile(key, response) === "answered") return;
      const bytes = files.get(key);
      response.writeHead(bytes === undefined ? 404 : 200);
      return void response.end(bytes);
    }
    if (path !== "/files" && !path.startsWith("/files/")) {
      response.writeHead(404);
      return void response.end();
    }
    const prefix = path.slice("/files".length + 1);
    const start = prefix === "" ? "" : `${prefix}/`;
    const names = [...files.keys()].filter((key) => key.startsWith(start))
      .map((key) => key.slice(start.length).split("/")[0]!);
    response.writeHead(200);
    response.end(JSON.stringify([...new Set(names)]));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
