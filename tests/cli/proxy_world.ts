import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createServer as createTlsServer } from "node:tls";
import { serveWebSocket } from "../../src/adapters/websocket/websocket_server.ts";
import { findProgram } from "../runtime/find_program.ts";

const openssl = findProgram("openssl");

/** Why no certificates can be made here; `false` if they can. */
export const NO_CERTIFICATES = openssl === undefined ? "openssl is not installed here" : false;

/** A host that no name server knows: only a proxy finds it. */
export const HOST = "far.invalid";

/** A proxy on the loopback, a chat server and a peer behind it, each also over TLS. */
export interface ProxyWorld {
  /** `127.0.0.1:PORT` of the proxy. */
  readonly proxy: string;
  /** What the proxy was asked for: `CONNECT far.invalid:443`, `GET http://far.invalid/files`. */
  readonly asked: string[];
  /** The `proxy-authorization` of what was asked. */
  readonly logins: (string | undefined)[];
  /** Ports of the chat server and the peer, plain and over TLS (0 without openssl). */
  readonly ports: { readonly chat: number; readonly chatTls: number; readonly peerTls: number };
  readonly peerPort: number;
  /** The file of the certificate authority that signed for {@link HOST}. */
  readonly authority: string;
  /** A folder for archives. */
  readonly folder: string;
  /** How often a client logged in at the chat server, and asked the peer. */
  readonly arrivals: { chat: number; peer: number };
  /** What the proxy does from now on. */
  refuse(status: 407 | undefined): void;
  close(): Promise<void>;
}

/** Starts a {@link ProxyWorld}. */
export async function openProxyWorld(): Promise<ProxyWorld> {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-proxy-"));
  const arrivals = { chat: 0, peer: 0 };
  const chat = await serveWebSocket({
    accept: () => ({
      received: (text) => {
        if (text.includes("NICK")) arrivals.chat++;
      },
      gone: () => {},
    }),
  });
  const chatPort = Number(new URL(chat.url).port);
  const peer = createServer((asked, response) => {
    arrivals.peer++;
    const isList = asked.url === "/files";
    response.writeHead(isList ? 200 : 404, { "content-type": "application/json" });
    response.end(isList ? "[]" : "");
  });
  const peerPort = await listen(peer);
  const authority = openssl === undefined ? "" : makeCertificates(folder, openssl);
  const tls = authority === "" ? [] : [chatPort, peerPort].map((port) => tlsBefore(port, folder));
  const [chatTls = 0, peerTls = 0] = await Promise.all(tls.map(listen));
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  let refusal: number | undefined;
  const { server, sockets } = proxyServer((what, login) => {
    asked.push(what);
    logins.push(login);
    return refusal;
  });
  const proxyPort = await listen(server);
  return {
    proxy: `127.0.0.1:${proxyPort}`,
    asked,
    logins,
    ports: { chat: chatPort, chatTls, peerTls },
    peerPort,
    authority,
    folder,
    arrivals,
    refuse: (status) => void (refusal = status),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      peer.closeAllConnections();
      await chat.close();
      for (const each of [server, peer, ...tls]) each.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function listen(server: NetServer): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** A proxy for which every host is this machine. */
function proxyServer(
  note: (what: string, login: string | undefined) => number | undefined,
): { server: Server; sockets: Set<Socket> } {
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const status = note(
      `${incoming.method} ${incoming.url}`,
      incoming.headers["proxy-authorization"],
    );
    if (status !== undefined) return void outgoing.writeHead(status).end();
    const { port, pathname, search } = new URL(incoming.url ?? "");
    const path = pathname + search;
    const forwarded = request({ host: "127.0.0.1", port, path, headers: incoming.headers });
    forwarded.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    forwarded.end();
  });
  const tunnel = (from: Socket, port: number, greeting: string | undefined, first: string) => {
    const to = connect(port, "127.0.0.1");
    for (const [socket, other] of [[from, to], [to, from]] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy()).on("close", () => other.destroy());
      socket.pipe(other);
    }
    if (greeting !== undefined) from.write(greeting);
    if (first !== "") to.write(first);
  };
  server.on("connect", (incoming, socket: Socket) => {
    const status = note(`CONNECT ${incoming.url}`, incoming.headers["proxy-authorization"]);
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    tunnel(socket, Number(incoming.url?.split(":")[1]), "HTTP/1.1 200 OK\r\n\r\n", "");
  });
  server.on("upgrade", (incoming, socket: Socket) => {
    const status = note(
      `${incoming.method} ${incoming.url}`,
      incoming.headers["proxy-authorization"],
    );
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const { port, pathname } = new URL(incoming.url ?? "");
    const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
    const head = [`GET ${pathname} HTTP/1.1`, ...headers, "", ""].join("\r\n");
    tunnel(socket, Number(port), undefined, head);
  });
  return { server, sockets };
}

function tlsBefore(port: number, folder: string): NetServer {
  const [key, cert] = ["leaf.key", "leaf.pem"].map((name) => readFileSync(join(folder, name)));
  const server = createTlsServer({ key: key!, cert: cert! }, (socket) => {
    const to = connect(port, "127.0.0.1");
    socket.on("error", () => to.destroy()).on("close", () => to.destroy());
    to.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.pipe(to).pipe(socket);
  });
  server.on("tlsClientError", () => {}); // A client that does not trust us.
  return server;
}

/** Makes an authority and a certificate of it for {@link HOST} and the loopback. */
function makeCertificates(folder: string, program: string): string {
  const run = (...args: string[]) => {
    const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
  };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-x509", ...curve, "-subj", "/CN=Authority of a test", "-days", "2"];
  run("req", ...authority, "-keyout", "ca.key", "-out", "ca.pem");
  run("req", ...curve, "-subj", `/CN=${HOST}`, "-keyout", "leaf.key", "-out", "leaf.csr");
  writeFileSync(join(folder, "names"), `subjectAltName=DNS:${HOST},IP:127.0.0.1\n`);
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
  run("x509", "-req", "-in", "leaf.csr", ...signing, "-days", "2", "-out", "leaf.pem");
  return join(folder, "ca.pem");
}

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/** Runs `command` in `env` until `isDone` of what it has written, or its end; returns what it wrote. */
export async function runUntil(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  isDone: (text: string) => boolean,
): Promise<string> {
  const [program = "", ...args] = command;
  const own: Record<string, string | undefined> = {
    ...process.env,
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1", // It asks the proxy, too.
  };
  for (const name of PROXY_VARIABLES) {
    delete own[name];
    delete own[name.toLowerCase()];
  }
  const child = spawn(program, args, {
    env: { ...own, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let text = "";
  let isOver = false;
  const ended = once(child, "close").finally(() => isOver = true);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (more) => text += more);
  }
  while (!isOver && !isDone(text)) await new Promise((resolve) => setTimeout(resolve, 50));
  if (!isOver) child.kill("SIGTERM");
  await ended;
  return text;
}
