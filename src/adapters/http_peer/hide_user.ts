/** A text without what may be the user part of a URL, as it may hold a token. */
export function hideUser(text: string): string {
  return text.replace(/:\/\/[^\s]*@/g, "://***@");
}
