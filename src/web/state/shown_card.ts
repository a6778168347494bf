import { type Signal, signal } from "@preact/signals";
import { personOf } from "../reading/person_facts.ts";
import type { Message } from "../../core/batch/message.ts";
import { userOf } from "../../core/text/message_filter.ts";

/** A person whose card is open. */
export interface ShownCard {
  readonly channel: string;
  /** As a filter names a user. */
  readonly user: string;
  readonly login: string;
  /** Takes the focus back to what opened the card. */
  readonly giveFocusBack: () => void;
}

/** The card that stands beside what is shown. It is of the moment, so no address holds it. */
export const shownCard: Signal<ShownCard | undefined> = signal(undefined);

/** Opens the card of whom a message names, if it names a user. */
export function openCard(
  message: Message,
  { channel, giveFocusBack }: Pick<ShownCard, "channel" | "giveFocusBack">,
): void {
  const login = userOf(message);
  if (login === "") return;
  shownCard.value = { channel, user: personOf(message, login), login, giveFocusBack };
}

/** Closes it. */
export function closeCard(): void {
  const { value: card } = shownCard;
  shownCard.value = undefined;
  card?.giveFocusBack();
}
