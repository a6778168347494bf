import { parseArchiveKey } from "../../core/archive_key.ts";
import { toDigestText } from "../../core/text/digest_text.ts";
import type { HttpQuestion } from "../../ports/http.ts";
import { type Answer, entityTag, holdsTag, notFound, notModified } from "./answer.ts";
import { type ApiRoute, CHANNEL_NOTE, HOUR_NOTE } from "./api_route.ts";
import type { ServableFiles } from "./servable_files.ts";

// A year is for ever: https://www.rfc-editor.org/rfc/rfc8246
const FOR_EVER = "max-age=31536000, immutable";

/** The route under `/segments`: the bytes of one file. */
export function fileRoute(files: ServableFiles): ApiRoute {
  return {
    method: "GET",
    path: "/segments/:channel/chat/:hour/:name",
    audience: "readers",
    summary: "Bytes of a file. They have the hash in its name, unless it is a tombstone.",
    pathNotes: [CHANNEL_NOTE, HOUR_NOTE, {
      name: "name",
      description: "A name from the list of the hour",
      schema: { type: "string" },
    }],
    answerNotes: [
      { status: 200, description: "Lines of JSON, a message each", type: "application/json" },
      { status: 200, description: "A tombstone", type: "application/octet-stream" },
      { status: 304, description: "The file is as the caller has it" },
      { status: 404, description: "No such file, or none to give away", type: "text/plain" },
    ],
    answer: (question) => answerFile(question, files),
  };
}

async function answerFile(
  { request, params }: HttpQuestion,
  files: ServableFiles,
): Promise<Answer> {
  const { channel, hour, name } = params;
  const key = `${channel}/chat/${hour}/${name}`;
  const parts = parseArchiveKey(key);
  const bytes = await files.get(key);
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
