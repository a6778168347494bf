import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import {
  anonymousCredentials,
  isNick,
  loginRefusal,
  readCredentials,
  refusedByTwitch,
} from "../../../src/engine/session/login.ts";

test("isNick takes 1 to 25 letters, digits and underscores", () => {
  for (const nick of ["a", "Z", "0", "_", "x".repeat(25)]) assert.ok(isNick(nick), nick);
  for (const nick of ["", "x".repeat(26), "a b", "a-b", "é", "a\n"]) assert.ok(!isNick(nick), nick);
});

test("anonymousCredentials are those of a justinfan with a number from 1000 to 80999", () => {
  const nickAt = (next: number): string => anonymousCredentials({ next: () => next }).nick;
  assert.deepEqual([nickAt(0), nickAt(1 - 2 ** -53)], ["justinfan1000", "justinfan80999"]);
});

test("readCredentials takes a token with or without oauth:, and none that is no token", async () => {
  const read = (token: string) =>
    readCredentials({ nick: "Ada", readToken: () => Promise.resolve(token) });
  assert.deepEqual(await read(" abc\n"), { pass: "oauth:abc", nick: "ada" });
  assert.deepEqual(await read("oauth:!~"), { pass: "oauth:!~", nick: "ada" });
  for (const token of ["", " ", "oauth:", "a b", "a\nb", "é", "a\x7f"]) {
    await assert.rejects(read(token), { code: "LOGIN_REFUSED" }, JSON.stringify(token));
  }
  const cause = new Error("no file");
  const unread = readCredentials({ nick: "ada", readToken: () => Promise.reject(cause) });
  await assert.rejects(unread, { code: "LOGIN_REFUSED", cause });
});

test("loginRefusal knows the words of Twitch, from the server to nobody yet", () => {
  const refusal = (line: string): string | undefined => {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    return loginRefusal(parsed.message);
  };
  const words = "Login authentication failed";
  assert.equal(refusal(`:tmi NOTICE * :${words}`), words);
  assert.equal(refusal(`:tmi NOTICE * :LOGIN authentication failed: x`), words);
  assert.equal(refusal(":tmi NOTICE * :Improperly formatted auth"), "Improperly formatted auth");
  for (
    const line of [
      `:tmi NOTICE #c :${words}`,
      `:tmi PRIVMSG * :${words}`,
      `:tmi NOTICE * :No ${words}`,
      ":tmi NOTICE *",
      ":tmi NOTICE",
    ]
  ) assert.equal(refusal(line), undefined, line);
});

test("refusedByTwitch names the account, or says that there was none", () => {
  const login = { nick: "ada", readToken: () => Promise.resolve("") };
  assert.match(refusedByTwitch(login, "no").message, /as "ada": Twitch said "no"/);
  assert.match(refusedByTwitch(undefined, "no").message, /anonymously: Twitch said "no"/);
});
