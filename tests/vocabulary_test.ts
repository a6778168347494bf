import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCli } from "./cli/run_cli.ts";

const PROJECT = fileURLToPath(new URL("../", import.meta.url));

/** Words that hide who acts or what a thing is, each with what to write instead. */
const VOCABULARY: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\bwho(?:m)?ever\b/i, "the actor: the caller, another process, the peer"],
  [/\bnobody\b/i, "the actor: no caller, no process, no receiver"],
  [/\b(?:some|any)body\b/i, "the actor: a caller, another process, the user"],
  [/\bunless told\b/i, "default, or @default in a doc comment"],
  [/\bso many\b/i, "at most this many"],
  [/\bfor people\b/i, "in words, readable, as text"],
  [/\b(?:is|are) to be\b/i, "must, may, should, will"],
  [/\bin vain\b/i, "without effect, and what happens then"],
  [/\bis the news\b/i, "is thrown, is reported"],
  [/\blets? go of\b/i, "frees, closes, releases, deletes"],
  [/\bof old\b/i, "of the first version"],
  [/\bthis very\b/i, "this"],
];

/** Names that the field has another word for. */
const NAMES: readonly (readonly [name: RegExp, instead: string])[] = [
  [/\b(?:Bell|Bench|Shelf|Heard|Lifeline|Outbox|Parcel)\b/, "the glossary's or the field's"],
  [/\bUSUAL_[A-Z]+\b/, "DEFAULT_…"],
  [/\b(?:toPrintable|formatForPeople)\b/, "escapeControls, formatText"],
];

// Words of Twitch's own sentences, and texts of simulated chat, are not ours.
const NOT_OURS = ["src/core/users/twitch_text.ts", "src/testing/generated_chat/text.ts"];

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(`${PROJECT}${folder}`, { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
    .filter((path) => ending.test(path) && !path.includes("/dist/") && !NOT_OURS.includes(path));
}

const SOURCES = [...filesIn("src", /\.(?:ts|md|css|html)$/), "mod.ts"];
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...filesIn("docs", /\.(?:md|yaml|service)$|Containerfile$/),
  ...filesIn("examples", /\.ts$/),
];

function finds(text: string, words: typeof VOCABULARY): string[] {
  return text.split("\n").flatMap((line, i) =>
    words.flatMap(([word, instead]) => {
      const found = word.exec(line);
      return found === null ? [] : [`${i + 1}: "${found[0]}": write ${instead}`];
    })
  );
}

test("sources and documents use the vocabulary of the house", () => {
  const faults = [...SOURCES, ...DOCUMENTS].flatMap((path) =>
    finds(readFileSync(`${PROJECT}${path}`, "utf8"), [...VOCABULARY, ...NAMES])
      .map((fault) => `${path}:${fault}`)
  );
  assert.deepEqual(faults, []);
});

test("the help of each verb uses the vocabulary of the house", async () => {
  const { stdout } = await runCli(["--help"]);
  const verbs = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]!);
  assert.ok(verbs.length > 10, verbs.join());
  const helps = await Promise.all(
    verbs.filter((verb) => verb !== "help").map(async (verb) => ({
      verb,
      help: (await runCli([verb, "--help"])).stdout,
    })),
  );
  const faults = [{ verb: "chatloom", help: stdout }, ...helps].flatMap(({ verb, help }) =>
    finds(help, VOCABULARY).map((fault) => `${verb} --help, line ${fault}`)
  );
  assert.deepEqual(faults, []);
});

test("the vocabulary finds what it keeps out", () => {
  for (
    const line of [
      "whoever asks",
      "2 s unless told",
      "so many files",
      "it is to be kept",
      "new Bell()",
    ]
  ) {
    assert.equal(finds(line, [...VOCABULARY, ...NAMES]).length, 1, line);
  }
  assert.deepEqual(finds("The caller must keep at most this many files.", VOCABULARY), []);
});
