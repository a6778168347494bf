/** The media types that are kept: those that browsers show and that cannot hold a script. */
export type PictureType =
  | "image/avif"
  | "image/gif"
  | "image/jpeg"
  | "image/png"
  | "image/webp"
  | "video/mp4"
  | "video/webm";

/**
 * What bytes are by their first ones, whatever a server called them; `undefined` if they are nothing that is kept.
 *
 * @see {@link https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern | MIME Sniffing}
 */
export function pictureType(bytes: Uint8Array): PictureType | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (/^GIF8[79]a/.test(head)) return "image/gif";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^RIFF[^]{4}WEBP/.test(head)) return "image/webp";
  if (head.startsWith("\x1a\x45\xdf\xa3")) return "video/webm";
  const brand = /^[^]{4}ftyp([^]{4})/.exec(head)?.[1];
  if (brand === "avif" || brand === "avis") return "image/avif";
  return brand !== undefined && /^(?:isom|iso[2-9]|mp4[12]|avc1|M4V |dash)$/.test(brand)
    ? "video/mp4"
    : undefined;
}
