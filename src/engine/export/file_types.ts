/** The formats of text that chat can be exported in. */
export const TEXT_FORMATS = [
  "ndjson",
  "json",
  "raw",
  "rustlog",
  "justlog",
  "td-json",
  "td-text",
  "vtt",
  "ass",
  "csv",
  "html",
] as const;

/** The media type of each format, and how names of its files end. */
export const FILE_TYPES: Readonly<
  Record<(typeof TEXT_FORMATS)[number], readonly [type: string, ending: string]>
> = {
  ndjson: ["application/x-ndjson", "ndjson"],
  json: ["application/json", "json"],
  raw: ["text/plain; charset=utf-8", "txt"],
  rustlog: ["text/plain; charset=utf-8", "txt"],
  justlog: ["text/plain; charset=utf-8", "txt"],
  "td-json": ["application/json", "json"],
  "td-text": ["text/plain; charset=utf-8", "txt"],
  vtt: ["text/vtt; charset=utf-8", "vtt"],
  ass: ["text/plain; charset=utf-8", "ass"],
  csv: ["text/csv; charset=utf-8", "csv"],
  html: ["text/html; charset=utf-8", "html"],
};
