/** A text as a column takes it: a column has no NUL and no half of a surrogate pair, and a line from Twitch may. */
export function toColumn(text: string): string {
  return text.replace(
    /\\|\p{Cc}|\p{Cs}/gu,
    (unit) => `\\${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Undoes {@link toColumn}. */
export function fromColumn(text: string): string {
  return text.replace(
    /\\([0-9a-f]{4})/g,
    (_, code: string) => String.fromCharCode(parseInt(code, 16)),
  );
}
