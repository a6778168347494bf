import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { contextOf } from "../../../src/cli/frame/context.ts";
import { EXIT, outcomeOf, QuietExit } from "../../../src/cli/frame/exit.ts";
import { StatusLine } from "../../../src/cli/frame/progress.ts";
import { BatchSyntaxError, ChatloomError } from "../../../src/core/errors/errors.ts";
import { runCli } from "../run_cli.ts";

function oneLine(text: string): boolean {
  return text.endsWith("\n") && text.trim().split("\n").length === 1;
}

test("chatloom ends wrong command lines with one line on stderr and exit code 2", async () => {
  for (
    const args of [
      ["--no-such-flag"],
      ["no-such-verb"],
      ["verify"],
      ["verify", "--archve", "x"],
      ["cat"],
      ["cat", "-a", ".", "Not_A_Channel"],
      ["cat", "-a", ".", "forsen", "--from", "yesterday"],
      ["verify", "-a", ".", "--log-level", "loud"],
    ]
  ) {
    const { exitCode, stdout, stderr } = await runCli(args);
    assert.equal(exitCode, EXIT.usage, `${args}: ${stderr}`);
    assert.equal(stdout, "");
    assert.ok(oneLine(stderr), stderr);
    assert.match(stderr, /^chatloom: /);
    const isOfVerb = ["verify", "cat"].includes(args[0]!) && !args.includes("--log-level");
    const help = isOfVerb ? `chatloom ${args[0]} --help` : "chatloom --help";
    assert.ok(stderr.trim().endsWith(`(see ${help})`), stderr);
  }
});

test("chatloom ends failures with one line on stderr and exit code 1", async () => {
  for (const args of [["verify", "-a", "/no/such"], ["cat", "/no/such"], ["cat", "/"]]) {
    const { exitCode, stderr } = await runCli(args);
    assert.equal(exitCode, EXIT.failed);
    assert.ok(oneLine(stderr), stderr);
    assert.match(stderr, /^chatloom: Cannot /);
  }
});

test("chatloom --help goes to stdout and every verb's has examples", async () => {
  const { exitCode, stdout, stderr } = await runCli(["--help"]);
  assert.equal(exitCode, 0);
  assert.equal(stderr, "");
  const verbs = [...stdout.matchAll(/^ {2}([a-z]+) .*\[options\]/gm)].map((match) => match[1]!);
  assert.ok(verbs.includes("cat") && verbs.includes("verify"), stdout);
  for (const verb of verbs) {
    const help = await runCli([verb, "--help"]);
    assert.equal(help.exitCode, 0);
    assert.match(help.stdout, /\nExamples:\n {2}\$ /, `${verb} has no examples`);
  }
});

test("outcomeOf tells our failures, wrong input and bugs apart", () => {
  const cause = new Error("EIO");
  assert.deepEqual(
    outcomeOf(new ChatloomError("STORE_IO", 'Cannot write batch "a\nb\u001b[2J"', { cause })),
    { exitCode: 1, line: 'chatloom: Cannot write batch "a b\\u001b[2J"' },
  );
  assert.equal(outcomeOf(new BatchSyntaxError(3, "not JSON")).exitCode, EXIT.failed);
  assert.deepEqual(outcomeOf(new QuietExit(EXIT.interrupted, "x")), { exitCode: 130 });
  const bug = outcomeOf(new TypeError("undefined is not a function"));
  assert.equal(bug.exitCode, EXIT.bug);
  assert.match(bug.line ?? "", /bug[^]*frame_test/, "the stack is missing");
});

test("contextOf refuses a verb that was never mounted", () => {
  assert.throws(() => contextOf(new Command("lonely")), TypeError);
});

test("StatusLine draws below the log, takes itself away, and is not there without a terminal", () => {
  let screen = "";
  const line = new StatusLine((text) => screen += text, 20);
  const progress = line.begin("Settled minutes", { total: 4 });
  progress.update(1);
  assert.match(screen, /Settled minutes: 1 $/, "cut to the width of the terminal");
  screen = "";
  line.writeAbove("log\n");
  assert.ok(screen.startsWith("\r\u001b[2Klog\nSettled"), JSON.stringify(screen));
  progress.end();
  screen = "";
  line.writeAbove("log\n");
  assert.equal(screen, "log\n");

  assert.equal(line.begin("x").isShown, true);
  const none = new StatusLine((text) => screen += text, 0).begin("x");
  assert.equal(none.isShown, false);
  screen = "";
  none.update(1);
  none.end();
  assert.equal(screen, "");
});
