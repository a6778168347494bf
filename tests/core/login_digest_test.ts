import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import { isLoginDigest, loginDigest } from "../../src/core/redaction/login_digest.ts";
import { encodeRedaction, parseRedaction } from "../../src/core/redaction/redaction.ts";
import { redactionMatcher } from "../../src/core/redaction/redaction_matcher.ts";
import { sha256 } from "../../src/core/redaction/sha256.ts";

test("sha256 is the runtime's, for each length around the edges of blocks", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => 31 * i + length);
    assert.equal(
      sha256(bytes),
      createHash("sha256").update(bytes).digest("hex"),
      `${length} bytes`,
    );
  }
});

test("a redaction with digests matches what one with the names does, and holds no name", () => {
  const lines = [
    ":ada!ada@h JOIN #forsen",
    ":ADA!ada@h PART #forsen",
    ":bob!bob@h JOIN #forsen",
    "@login=ada :tmi.twitch.tv CLEARMSG #forsen :text",
    ":tmi.twitch.tv NOTICE #forsen :Ada has been timed out",
    "@user-id=9;display-name=Ada :ada!a@b PRIVMSG #forsen :the name changed hands",
    "@user-id=7 :new!a@b PRIVMSG #forsen :text",
    ":tmi.twitch.tv HOSTTARGET #forsen :ada 3",
  ];
  const order = (logins: readonly string[]) => ({
    target: { kind: "user" as const, userId: "7", logins, beforeUs: undefined },
    madeUs: 0,
    reason: "",
  });
  const digests = order([loginDigest("Ada")]);
  const [plain, hidden] = [order(["ada"]), digests].map((each) => redactionMatcher([each]));
  const matched = lines.map((line) => {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    assert.equal(hidden!(parsed.message, undefined), plain!(parsed.message, undefined), line);
    return hidden!(parsed.message, undefined);
  });
  assert.deepEqual(matched, [true, true, false, true, true, false, true, true]);
  const bytes = encodeRedaction(digests);
  assert.ok(!new TextDecoder().decode(bytes).toLowerCase().includes("ada"));
  assert.deepEqual(parseRedaction(bytes), { ok: true, redaction: digests });
  assert.ok(isLoginDigest(loginDigest("ada")) && !isLoginDigest("sha256"));
});
