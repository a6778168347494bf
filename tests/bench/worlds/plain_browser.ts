/**
 * Chromium with no tool attached, as its readers have it: a tool that is attached stops each worker at its start until
 * it answers, and takes part of each request. What is measured, the page itself leaves in its title.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { CHROMIUM_FLAGS, chromiumPath } from "../../browser/chromium.ts";

const TITLE = "first row after ";
const LIMIT_MS = 60_000;

/** Leaves the time from the navigation to the frame after the first message's in the title. */
const MEASURE = `
const look = () => {
  if (document.querySelector(".row .speech") === null) return void requestAnimationFrame(look);
  requestAnimationFrame(() => {
    const ms = performance.now();
    setInterval(() => { document.title = "${TITLE}" + ms; }, 20);
  });
};
requestAnimationFrame(look);`;

/** The page with a script that measures it. Its policy lets that script in, too. */
export function measuredPage(html: string): string {
  const hash = createHash("sha256").update(MEASURE).digest("base64");
  return html.replace("script-src ", `script-src 'sha256-${hash}' `)
    .replace("</head>", `<script>${MEASURE}</script></head>`);
}

/** A headless Chromium that opens {@link measuredPage}s. */
export class PlainBrowser {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #profile: { readonly path: string; close(): void };

  private constructor(
    { child, url, profile }: {
      readonly child: ChildProcess;
      readonly url: string;
      readonly profile: { readonly path: string; close(): void };
    },
  ) {
    this.#child = child;
    this.#url = url;
    this.#profile = profile;
  }

  /** Starts it with an empty profile. */
  static async start(): Promise<PlainBrowser> {
    const profile = tempFolder();
    const child = spawn(chromiumPath, [
      ...CHROMIUM_FLAGS,
      "--headless",
      "--hide-scrollbars",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile.path}`,
      "about:blank",
    ], { stdio: ["ignore", "ignore", "pipe"] });
    for await (const line of createInterface({ input: child.stderr! })) {
      const port = /listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      child.stderr!.resume();
      return new PlainBrowser({ child, url: `http://127.0.0.1:${port}/json`, profile });
    }
    throw new Error("Cannot start Chromium");
  }

  /** From the navigation to the first painted message of the {@link measuredPage} at `address`, in ms. */
  async firstRowMs(address: string): Promise<number> {
    const opened = await fetch(`${this.#url}/new?${encodeURIComponent(address)}`, {
      method: "PUT",
    });
    const { id } = await opened.json() as { readonly id: string };
    const endMs = performance.now() + LIMIT_MS;
    for (;;) {
      // Rarely, as asking takes part of what is measured.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const tabs = await (await fetch(`${this.#url}/list`)).json() as readonly {
        readonly id: string;
        readonly title: string;
      }[];
      const title = tabs.find((tab) => tab.id === id)?.title ?? "";
      if (title.startsWith(TITLE)) {
        await (await fetch(`${this.#url}/close/${id}`)).text();
        return Number(title.slice(TITLE.length));
      }
      if (performance.now() > endMs) throw new Error(`Cannot measure ${address}: it shows no row`);
    }
  }

  async close(): Promise<void> {
    this.#child.kill();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    // Its other processes end a little later, and write until then.
    for (let left = 50;; left--) {
      try {
        return this.#profile.close();
      } catch (error) {
        if (left === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}
