/** The page in headless Chromium: built once, opened from wherever a test likes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { buildPage } from "../../../tools/build_page.ts";
import { launchChromium, skipBrowser } from "../chromium.ts";

/** Why tests of the page skip, or `false` if they can run. CI may not skip them. */
export const skipPage: string | false = skipBrowser;

/** A page under test. */
export interface OpenPage {
  readonly page: Page;
  /** What the page complained of: errors, and breaches of its policy. Tests end by looking at it. */
  readonly complaints: readonly string[];
}

/** Where a page is opened from; a node's address is one, too. */
export type Origin = "file" | "loopback" | "plain" | `http://${string}`;

/** A browser with the page at hand. */
export class PageBrowser {
  readonly folder: string;
  readonly #browser: Browser;
  readonly #port: number;
  readonly #close: () => Promise<void>;

  constructor(
    { folder, browser, port, close }: {
      readonly folder: string;
      readonly browser: Browser;
      readonly port: number;
      readonly close: () => Promise<void>;
    },
  ) {
    this.folder = folder;
    this.#browser = browser;
    this.#port = port;
    this.#close = close;
  }

  /** Builds the page and starts a browser. */
  static async start(): Promise<PageBrowser> {
    const html = await buildPage();
    const folder = mkdtempSync(join(tmpdir(), "chatloom-page-"));
    writeFileSync(join(folder, "page.html"), html);
    const server = createServer((request, response) => {
      const isPage = new URL(request.url ?? "/", "http://x").pathname === "/";
      response.writeHead(isPage ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
      response.end(isPage ? html : "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await launchChromium();
    return new PageBrowser({
      folder,
      browser,
      port: (server.address() as AddressInfo).port,
      close: async () => {
        await browser.close();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        rmSync(folder, { recursive: true });
      },
    });
  }

  /** The address of the page. */
  address(origin: Origin, hash = ""): string {
    if (origin.startsWith("http")) return `${origin}/${hash}`;
    if (origin === "file") return `file://${join(this.folder, "page.html")}${hash}`;
    const host = origin === "plain" ? "plain.test" : "127.0.0.1";
    return `http://${host}:${this.#port}/${hash}`;
  }

  /** Opens the page in a fresh profile. */
  async open(
    { origin = "loopback", hash = "", ...context }:
      & { readonly origin?: Origin; readonly hash?: string }
      & BrowserContextOptions = {},
  ): Promise<OpenPage> {
    const page = await (await this.#browser.newContext(context)).newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      // A server that is no node knows no channels; the browser tells of that answer by itself.
      const isNoNode = message.location().url.endsWith("/files");
      if (["error", "warning"].includes(message.type()) && !isNoNode) {
        complaints.push(message.text());
      }
    });
    page.setDefaultTimeout(60_000);
    await page.goto(this.address(origin, hash));
    await page.waitForSelector("main");
    return { page, complaints };
  }

  /** A channel to the browser's own tools. */
  get browser(): Browser {
    return this.#browser;
  }

  async close(): Promise<void> {
    await this.#close();
  }
}

/** Ends a test: the page must have had nothing to complain of. */
export async function closePage({ page, complaints }: OpenPage): Promise<void> {
  await page.context().close();
  assert.deepEqual(complaints, []);
}
