import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { wasmHasher } from "../../src/adapters/hashers/wasm_hasher.ts";
import { filteredUser, meetsFilter } from "../../src/core/text/message_filter.ts";
import { readEvents } from "../../src/engine/read/read_events.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { apiWorld, joined, NOON_S, said } from "../conformance/api/api_world.ts";
import { runCli } from "./run_cli.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-query-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Query {
  /** Seconds after noon. */
  readonly fromS: number;
  readonly untilS: number;
  readonly user?: string;
  readonly command?: string;
}

const QUERIES: Readonly<Record<string, Query>> = {
  "from the middle of a minute": { fromS: 30.5, untilS: 119 },
  "ranges that reach into it from the minute before": { fromS: 60, untilS: 61 },
  "both bounds in one range": { fromS: 62, untilS: 63 },
  "a user by display name": { fromS: 0, untilS: 600, user: "@ADA L" },
  "two users and a command": { fromS: 10, untilS: 90, user: "ada,eve", command: "join,privmsg" },
  "nothing": { fromS: 200, untilS: 210 },
};

test("cat, the API and readEvents take a query for the same messages", async () => {
  const store = fileSystemStore(folder);
  const world = apiWorld({ store });
  await world.put("forsen", [
    said(0, "first"),
    said(30.499, "early", { login: "bob" }),
    said(30.5, "on time", { login: "bob", tags: { "display-name": "Ada L" } }),
    joined(58, 6, { login: "eve" }),
    joined(59.9, 0.1, { login: "bob" }),
  ]);
  await world.put("forsen", [said(60, "second"), joined(61, 9), said(119, "late")]);
  const hasher = await wasmHasher();
  const seen = new Set<string>();
  for (const [name, { fromS, untilS, user, command }] of Object.entries(QUERIES)) {
    const [from, until] = [fromS, untilS].map((s) =>
      new Date((NOON_S + s) * 1_000).toISOString().slice(0, -1)
    );
    const filters = Object.entries({ user, command }).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams([["start", from!], ["end", until!], ...filters as []]);
    const asked = await world.text(`/forsen/chat.ndjson?${query}`);
    const flags = filters.flatMap(([flag, value]) => [`--${flag}`, value!]);
    const bounds = ["--from", from!, "--until", until!];
    const printed = await runCli(["cat", "-a", folder, "forsen", ...bounds, ...flags]);
    assert.equal(printed.stdout, asked, `${name}\n${printed.stderr}`);
    const split = (text = "") => text.split(",").filter((each) => each !== "");
    const filter = {
      users: new Set(split(user).map(filteredUser)),
      commands: new Set(split(command).map((each) => each.toUpperCase())),
      text: "",
    };
    let read = "";
    const span = { fromUs: (NOON_S + fromS) * 1e6, untilUs: (NOON_S + untilS) * 1e6 };
    const events = readEvents("forsen", { store, hasher, reporter: noopReporter, ...span });
    for await (const { line, message } of events) {
      if (meetsFilter(message, filter)) read += `${line}\n`;
    }
    assert.equal(read, asked, name);
    seen.add(asked);
  }
  assert.equal(seen.size, Object.keys(QUERIES).length, "the queries tell apart what they ask for");
});
