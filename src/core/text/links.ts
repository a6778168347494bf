// ASCII only, so that an address cannot look like another one; what ends a sentence is no part of it.
const LINK = /\bhttps?:\/\/[\w.~:/?#[\]@!$&'()*+,;=%-]+[\w/#&=%-](?=[.,;:!?)\]'"]*(?:\s|$))/g;

/** A link in a text. */
export interface TextLink {
  /** The address, as it is written. */
  readonly url: string;
  /** Where it begins, in units of UTF-16. */
  readonly at: number;
}

/** The links in a text, in order: addresses of http and https that a space or the text's end follows. */
export function linksIn(text: string): TextLink[] {
  const links: TextLink[] = [];
  for (const match of text.matchAll(LINK)) {
    if (URL.canParse(match[0])) links.push({ url: match[0], at: match.index });
  }
  return links;
}
