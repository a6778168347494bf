import { english, nouns } from "./nouns.ts";

/** One message, and what happened in chat in a sentence. Names and texts of chat come in as they are shown. */
export const message = {
  someone: "someone",
  showThread: "Show the thread",
  to: "to ",
  markAt: (clock: string) => `at ${clock}`,
  bits: (bits: string) => `${bits} bits`,
  first: "first message",
  highlighted: "highlighted",
  within: (seconds: number) => `± ${english.decimal(seconds, seconds < 10 ? 1 : 0)} s`,
  sentBetween: (from: string, to: string) => `Sent between ${from} and ${to}`,
  heardOf: (heard: number, most: number) => `${heard} of ${most}`,
  seenBy: (heard: number, most: number, isMore: boolean) =>
    `Seen by ${english.counted(heard, nouns.receiver)}; others of this minute by ${most}${
      isMore ? " or more" : ""
    }`,
  deleted: "deleted",
  banned: "banned",
  timedOut: (length: string) => `timed out ${length}`,
  emote: "Emote",
  emotes: {
    label: "Pictures of emotes",
    where: "Where pictures of emotes come from",
    twitchSees: "Twitch sees your address when it is asked for a picture",
    off: "Emotes as words",
    ofNode: "Emotes from this node",
    ofNodeOrTwitch: "From this node, else from Twitch",
    ofTwitch: "Emotes from Twitch",
  },
  badges: {
    broadcaster: "streamer",
    moderator: "mod",
    lead_moderator: "lead mod",
    vip: "vip",
    subscriber: "sub",
    founder: "founder",
    staff: "staff",
    admin: "admin",
    global_mod: "global mod",
    partner: "partner",
    "bot-badge": "bot",
  },
};

/** What happened in chat. */
export const notice = {
  joined: (name: string) => `${name} joined`,
  left: (name: string) => `${name} left`,
  deletedOf: (name: string, text: string) => `A message of ${name} was deleted: ${text}`,
  ownState: (name: string) => `${name}: own badges and rights in this chat`,
  hostingEnds: "Stopped hosting",
  hosting: (target: string) => `Now hosting ${target}`,
  announcement: (name: string) => `Announcement by ${name}`,
  by: (what: string, name: string) => `${what} by ${name}`,
  cleared: "Chat was cleared",
  banned: (user: string) => `${user} was banned`,
  timedOut: (user: string, length: string) => `${user} was timed out for ${length}`,
  room: (modes: string) => `Room: ${modes}`,
  anyText: "any text",
  emotesOnly: "emotes only",
  notOnlyFollowers: "not only followers",
  followersOnly: "followers only",
  followersOf: (length: string) => `followers of ${length} only`,
  repeats: "repeats allowed",
  noRepeats: "no repeats",
  notSlow: "no slow mode",
  slow: (length: string) => `one message in ${length}`,
  notOnlySubscribers: "not only subscribers",
  subscribersOnly: "subscribers only",
};
