import assert from "node:assert/strict";

/** Holds a text against what TwitchDownloader's readers ask of chat JSON. Returns its comments. */
export function checkTdJson(text: string): Record<string, unknown>[] {
  assert.ok(text.startsWith("{"), "readers look at the first bytes");
  const root = JSON.parse(text);
  const order = ["FileInfo", "streamer", "clipper", "video", "comments", "embeddedData"];
  assert.deepEqual(Object.keys(root), order);
  assert.deepEqual(root.FileInfo.Version, { Major: 1, Minor: 4, Patch: 0 });
  assert.equal(typeof root.streamer.name, "string");
  assert.ok(Number.isInteger(root.streamer.id) && root.streamer.id < 2 ** 31);
  assert.ok(root.video.start <= root.video.end);
  const ids = new Set();
  let before = 0;
  for (const comment of root.comments) {
    const { commenter, message } = comment;
    assert.match(comment._id, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.ok(!ids.has(comment._id), "ids are unique");
    ids.add(comment._id);
    assert.ok(!Number.isNaN(Date.parse(comment.created_at)));
    assert.ok(comment.content_offset_seconds >= before, "in order");
    before = comment.content_offset_seconds;
    assert.ok(before <= root.video.end + 0.001);
    assert.equal(commenter.display_name, commenter.display_name.trim());
    assert.equal(typeof commenter._id, "string");
    assert.equal(
      message.fragments.map((each: { text: string }) => each.text).join(""),
      message.body,
    );
    for (const { emoticon } of message.fragments) {
      assert.ok(emoticon === null || typeof emoticon.emoticon_id === "string");
    }
    assert.ok(Number.isInteger(message.bits_spent));
    for (const { _id, version } of message.user_badges) {
      assert.ok(typeof _id === "string" && !version.includes("/"));
    }
    assert.ok(message.user_color === null || /^#[0-9A-Fa-f]{6}$/.test(message.user_color));
    const msgId = message.user_notice_params?.msg_id ?? "sub";
    assert.ok(["highlighted-message", "sub", "resub", "subgift"].includes(msgId));
    if (/ subscribed at Tier| gifted a Tier/.test(message.body)) {
      assert.ok(message.body.startsWith(`${commenter.display_name} `), message.body);
    }
    if (/ raiders from /.test(message.body)) assert.match(message.body, /have joined! $/);
  }
  return root.comments;
}
