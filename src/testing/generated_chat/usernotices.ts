import type { Random } from "../../ports/random.ts";
import { randomId } from "./lines.ts";
import type { Person } from "./people.ts";
import { intBelow, pick, pickWeighted } from "../chance/seeded_random.ts";

/** What a USERNOTICE is about. */
export interface NoticeSubject {
  /** Its `msg-id`. */
  readonly kind: string;
  /** Its text, with all its blanks. */
  readonly systemMessage: string;
  /** Its own tags, not escaped yet. */
  readonly more: readonly (readonly [key: string, value: string])[];
  /** Whether users add words of their own. */
  readonly mayHaveText: boolean;
}

const KINDS = {
  resub: 40,
  sub: 15,
  subgift: 20,
  submysterygift: 4,
  raid: 3,
  announcement: 6,
  viewermilestone: 8,
  giftpaidupgrade: 2,
  bitsbadgetier: 2,
};

/** A sub, gift, raid, announcement …: the kinds and tags of public captures. */
export function subscription(
  random: Random,
  { person, other }: { readonly person: Person; readonly other: Person },
): NoticeSubject {
  const kind = pickWeighted(random, KINDS);
  const name = person.displayName;
  const count = 1 + intBelow(random, 99);
  const plan: readonly [string, string][] = [
    ["msg-param-sub-plan", pick(random, ["Prime", "1000", "2000", "3000"])],
    ["msg-param-sub-plan-name", "Channel Subscription; tier \\1"],
  ];
  const subject = (
    systemMessage: string,
    more: NoticeSubject["more"],
    mayHaveText = false,
  ): NoticeSubject => ({ kind, systemMessage, more, mayHaveText });
  switch (kind) {
    case "resub":
      return subject(`${name} subscribed at Tier 1. They've subscribed for ${count} months!`, [
        ...plan,
        ["msg-param-cumulative-months", String(count)],
        ["msg-param-should-share-streak", "0"],
      ], true);
    case "sub":
      return subject(`${name} subscribed with Prime.`, plan);
    case "subgift":
      return subject(`${name} gifted a Tier 1 sub to ${other.displayName}!`, [
        ...plan,
        ["msg-param-origin-id", randomId(random)],
        ["msg-param-recipient-display-name", other.displayName],
        ["msg-param-recipient-id", other.userId],
        ["msg-param-recipient-user-name", other.login],
      ]);
    case "submysterygift":
      return subject(`${name} is gifting ${count} Tier 1 Subs to the community!`, [
        ...plan,
        ["msg-param-mass-gift-count", String(count)],
      ]);
    case "raid":
      return subject(`${count} raiders from ${name} have joined!\n`, [
        ["msg-param-displayName", name],
        ["msg-param-login", person.login],
        ["msg-param-viewerCount", String(count)],
      ]);
    case "announcement":
      return subject("", [["msg-param-color", "PRIMARY"]], true);
    case "viewermilestone":
      return subject(`${name} watched ${count} consecutive streams and sparked a watch streak!`, [
        ["msg-param-category", "watch-streak"],
        ["msg-param-id", randomId(random)],
        ["msg-param-value", String(count)],
      ]);
    case "giftpaidupgrade":
      return subject(`${name} is continuing the Gift Sub they got from ${other.displayName}!`, [
        ["msg-param-sender-login", other.login],
        ["msg-param-sender-name", other.displayName],
      ]);
    case "bitsbadgetier":
      return subject("bits badge tier notification", [["msg-param-threshold", "1000"]], true);
  }
}
