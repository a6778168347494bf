import type { IrcMessage } from "../batch/message.ts";

/** Commands whose last parameter is what a user wrote. */
const WRITTEN_BY_USERS: ReadonlySet<string> = new Set([
  "CLEARMSG",
  "PRIVMSG",
  "USERNOTICE",
  "WHISPER",
]);

/** Users as which Twitch itself wrote, before it had notices (until about 2018). */
const TWITCH_SENDERS: ReadonlySet<string> = new Set(["jtv", "twitchnotify"]);

const SENTENCE_TAG = /(?:^|-)system-(?:msg|message)$/;

/**
 * The texts in a message that Twitch wrote, as opposed to a user: the sentence of a NOTICE, a
 * `system-msg`, the names in a reply to NAMES. The channel in front is none.
 */
export function twitchTextsOf({ command, params, sender, tags }: IrcMessage): string[] {
  const texts: string[] = [];
  if (!WRITTEN_BY_USERS.has(command) || (sender !== null && TWITCH_SENDERS.has(sender))) {
    texts.push(...params.filter((each) => !each.startsWith("#")));
  }
  for (const key in tags) if (SENTENCE_TAG.test(key)) texts.push(tags[key]!);
  return texts;
}

const WORD = /[\p{L}\p{M}\p{N}_]+/gu;

/**
 * The words of a text in which a user can be named, in lower case: `xQcOW's` gives `xqcow` and `s`.
 * Words of Twitch's own sentences are left out: a user called `gifted` is not meant by every gift.
 */
export function namingWords(text: string): string[] {
  return (text.toLowerCase().match(WORD) ?? []).filter((word) => !TWITCH_WORDS.has(word));
}

/** Whether `name` is a word of Twitch's sentences, so that no sentence is taken to name the user. */
export function isTwitchWord(name: string): boolean {
  return TWITCH_WORDS.has(name.toLowerCase());
}

// From the sentences of Twitch's documentation of NOTICE and USERNOTICE and of recordings (2014 to
// 2026). Shorter words are no logins: Twitch asks for four letters, once for three.
const TWITCH_WORDS: ReadonlySet<string> = new Set(
  ("about access account active additional admin admins advance after again all allowed already and " +
    "announcement anonymous another any anyone appropriate are available back badge banned banning " +
    "ban bans because been before being bits block blocked blue bot broadcast broadcaster bug but " +
    "can cannot celebrate change changed channel chat chatters check cheer cheered clear color " +
    "command commands commercial community connect consecutive content continued continuing " +
    "converted could count currently day days deleted delete disabled does donate donated duration " +
    "duplicate earned editor edit email emote emotes emoteonly enabled end error events everyone " +
    "exit expired extended failed few first follow followed follower followers following for " +
    "formatted forward from full gift gifted gifter gifting gifts global goal got had has have " +
    "hello help here highlighted host hosted hosting hour hours hype identical immediately improper " +
    "info information instead intended invalid invited isn its joined join just last later left " +
    "level limit link linked live locked login long longer made mature maximum may message messages " +
    "minute minutes mod mode moderate moderated moderating moderation moderator moderators mods modus month months more must " +
    "name named new next not notice notification now off offline okay once one online only open " +
    "other others our out own paid participate party password paying people per permanently " +
    "permission permissions phone pinned please plan poll possible post prediction prime private " +
    "promo promotion purchased raid raided raider raiders raiding random rate reached reason " +
    "received redeemed reminder remove removed request require required requires resub restricted " +
    "restriction resubscribed reward rewards room row rules running say seconds second see " +
    "send sending sent service set settings share shared shield show since slow some sorry sparked " +
    "specified spam staff start started stop stopped stream streamer streams streak sub subs " +
    "subscribe subscribed subscriber subscribers subscribing subscription subscriptions subsonly " +
    "successfully such support suspended target temporarily term terms than thank thanks that the " +
    "their them then there they this through tier time timed timeout times today too total touch " +
    "try turbo twitch two unable unban unbanned unavailable unique unmod unrecognized unsuccessful " +
    "until unusual upgraded usage use used user username users using value verified verify viewer " +
    "viewers violation violations vip vips wait was watch watched watching week weeks welcome were " +
    "what when which while whisper whispers who will with without word words write year years you your")
    .split(" "),
);
