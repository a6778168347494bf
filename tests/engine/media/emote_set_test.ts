import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEmoteSet } from "../../../src/core/media/emote_set.ts";
import { pictureType } from "../../../src/core/media/picture_type.ts";
import { linksIn } from "../../../src/core/text/links.ts";

const emote = (name: string, id: string, url: string, isOverlay = false) => ({
  ...{ name, id, url, isOverlay },
});

test("sets of BetterTTV are read, of a channel and of all", () => {
  const shared = { id: "s1", code: "OMEGALUL", imageType: "png" };
  const channel = JSON.stringify({
    id: "x",
    channelEmotes: [{ id: "c1", code: "catJAM" }],
    sharedEmotes: [shared, { id: "s2", code: "catJAM" }],
  });
  assert.deepEqual(parseEmoteSet("bttv", channel), [
    emote("catJAM", "c1", "https://cdn.betterttv.net/emote/c1/1x"),
    emote("OMEGALUL", "s1", "https://cdn.betterttv.net/emote/s1/1x"),
  ]);
  const all = JSON.stringify([{ id: "g1", code: "cvHazmat", modifier: true }]);
  assert.deepEqual(parseEmoteSet("bttv", all), [
    emote("cvHazmat", "g1", "https://cdn.betterttv.net/emote/g1/1x", true),
  ]);
});

test("sets of FrankerFaceZ are read, of a channel and of all", () => {
  const sets = {
    "3": {
      emoticons: [{ id: 9, name: "LULW", urls: { "1": "//cdn.frankerfacez.com/emote/9/1" } }],
    },
    "4": {
      emoticons: [{ id: 8, name: "Other", urls: { "1": "https://cdn.frankerfacez.com/8/1" } }],
    },
  };
  const lulw = emote("LULW", "9", "https://cdn.frankerfacez.com/emote/9/1");
  assert.deepEqual(parseEmoteSet("ffz", JSON.stringify({ room: { set: 3 }, sets })), [lulw]);
  assert.deepEqual(parseEmoteSet("ffz", JSON.stringify({ default_sets: [3], sets })), [lulw]);
});

test("sets of 7TV are read, of a channel and of all", () => {
  const host = (id: string) => ({ url: `//cdn.7tv.app/emote/${id}`, files: [] });
  const emotes = [
    { id: "a", name: "xd", flags: 0, data: { flags: 0, host: host("a") } },
    { id: "b", name: "RainTime", flags: 1, data: { flags: 256, host: host("b") } },
  ];
  const both = [
    emote("xd", "a", "https://cdn.7tv.app/emote/a/1x.webp"),
    emote("RainTime", "b", "https://cdn.7tv.app/emote/b/1x.webp", true),
  ];
  assert.deepEqual(parseEmoteSet("7tv", JSON.stringify({ emote_set: { emotes } })), both);
  assert.deepEqual(parseEmoteSet("7tv", JSON.stringify({ emotes })), both);
});

test("hostile sets give no emote that cannot be one", () => {
  for (const text of ["", "[", "null", "{}", '{"sets":null}', '"x"', "[[]]"]) {
    for (const provider of ["bttv", "ffz", "7tv"] as const) {
      assert.deepEqual(parseEmoteSet(provider, text) ?? [], [], `${provider} ${text}`);
    }
  }
  const wrong = [
    ...[{ id: "x", code: "two words" }, { id: "x", code: "" }, { id: "x", code: 5 }],
    ...[{ id: "x", code: "y".repeat(500) }, { code: "__proto__", id: "p" }, null, 7],
  ];
  const found = parseEmoteSet("bttv", JSON.stringify(wrong))!;
  assert.deepEqual(found.map(({ name }) => name), ["__proto__"]);
  const javascript = { emotes: [{ id: "a", name: "a", data: { host: { url: "javascript:x" } } }] };
  assert.deepEqual(parseEmoteSet("7tv", JSON.stringify(javascript)), []);
  const many = Array.from({ length: 20_000 }, (_, i) => ({ id: `${i}`, code: `e${i}` }));
  assert.equal(parseEmoteSet("bttv", JSON.stringify(many))!.length, 5_000);
});

test("the type of a picture is told by its bytes; a document is none", () => {
  const bytes = (text: string) => Uint8Array.from(text, (each) => each.charCodeAt(0));
  const types = {
    "\x89PNG\r\n\x1a\n....": "image/png",
    "GIF89a....": "image/gif",
    "\xff\xd8\xff\xe0": "image/jpeg",
    "RIFF....WEBPVP8 ": "image/webp",
    "....ftypavif": "image/avif",
    "....ftypisom": "video/mp4",
    "\x1a\x45\xdf\xa3": "video/webm",
  };
  for (const [text, type] of Object.entries(types)) assert.equal(pictureType(bytes(text)), type);
  for (const text of ["", "<svg xmlns=", "<!doctype html>", "GIF87", "RIFF....WAVE", "%PDF-1.4"]) {
    assert.equal(pictureType(bytes(text)), undefined, text);
  }
});

test("links end where a sentence goes on", () => {
  const text =
    "see https://i.example/a.png, (http://b.example/x?y=1) https:// xhttps://c.example/ https://é.example/";
  assert.deepEqual(linksIn(text).map(({ url }) => url), [
    "https://i.example/a.png",
    "http://b.example/x?y=1",
  ]);
});
