/** A text with what may be the user part of a URL left out: it may hold a token. */
export function hideUser(text: string): string {
  return text.replace(/:\/\/[^\s]*@/g, "://***@");
}
