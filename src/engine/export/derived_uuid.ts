/**
 * A UUID that is the same for equal texts, for messages that have no id. No check of anything: texts that are made
 * to collide can.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9562#section-5.8 | RFC 9562, version 8}
 */
export function derivedUuid(text: string): string {
  let hex = "";
  for (const seed of [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]) {
    hex += mix(text, seed).toString(16).padStart(8, "0");
  }
  const variant = (parseInt(hex[16]!, 16) & 3 | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-` +
    `${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function mix(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
