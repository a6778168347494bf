import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import { keyOfFirstPath } from "../../../core/archive/first_layout.ts";
import {
  type ApiResponse,
  entityTag,
  holdsTag,
  notFound,
  notModified,
} from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE, HOUR_NOTE } from "../route/api_route.ts";
import type { ServableFiles } from "../files/servable_files.ts";

// A year is for ever: https://www.rfc-editor.org/rfc/rfc8246
const FOR_EVER = "max-age=31536000, immutable";

const NAME_NOTE = {
  name: "name",
  description: "A name from the list of the folder",
  schema: { type: "string" },
};
const ONE_LINE = { status: 200, description: "One line of JSON", type: "application/json" };
const COMMON_NOTES = [
  { status: 304, description: "Not modified: the caller has this file" },
  { status: 404, description: "No such file, or one that may not be served", type: "text/plain" },
];

/** The routes under `/segments`: the bytes of one file, whose key is the rest of the path. */
export function fileRoutes(files: ServableFiles): ApiRoute[] {
  const common = { method: "GET", audience: "readers" } as const;
  return [
    {
      ...common,
      path: "/segments/:channel/chat/:hour/:name",
      summary: "Bytes of a file of chat. Its name holds their hash, unless it is a tombstone.",
      pathNotes: [CHANNEL_NOTE, HOUR_NOTE, NAME_NOTE],
      responseNotes: [
        { status: 200, description: "Lines of JSON, a message each", type: "application/json" },
        { status: 200, description: "A tombstone", type: "application/octet-stream" },
        ...COMMON_NOTES,
      ],
      answer({ request, params: { channel, hour, name } }) {
        const path = `${channel}/chat/${hour}/${name}`;
        // Nodes of the first version ask for redactions and coverage here.
        return answerFile(request, keyOfFirstPath(path) ?? path, files);
      },
    },
    {
      ...common,
      path: "/segments/:channel/.chatloom/redactions/:name",
      summary: "Bytes of a redaction. Its name holds their hash.",
      pathNotes: [CHANNEL_NOTE, NAME_NOTE],
      responseNotes: [ONE_LINE, ...COMMON_NOTES],
      answer: ({ request, params: { channel, name } }) =>
        answerFile(request, `${channel}/.chatloom/redactions/${name}`, files),
    },
    {
      ...common,
      path: "/segments/:channel/.chatloom/coverage/:hour/:name",
      summary: "Bytes of a file of coverage. Its name holds their hash.",
      pathNotes: [CHANNEL_NOTE, HOUR_NOTE, NAME_NOTE],
      responseNotes: [ONE_LINE, ...COMMON_NOTES],
      answer: ({ request, params: { channel, hour, name } }) =>
        answerFile(request, `${channel}/.chatloom/coverage/${hour}/${name}`, files),
    },
  ];
}

async function answerFile(
  request: Request,
  key: ArchiveKey,
  files: ServableFiles,
): Promise<ApiResponse> {
  const parts = parseArchiveKey(key);
  const bytes = parts && await files.get(key);
  if (parts === undefined || bytes === undefined) return notFound();
  const headers = parts.kind === "tombstone"
    ? { "content-type": "application/octet-stream", "cache-control": "no-cache" }
    : {
      "content-type": "application/json",
      "cache-control": FOR_EVER,
      etag: entityTag(toDigestText(parts.digest)),
    };
  if ("etag" in headers && holdsTag(request, headers.etag)) return notModified(headers);
  return { status: 200, headers, body: bytes };
}
