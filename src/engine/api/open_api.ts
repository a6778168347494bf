import { isChange } from "./gate/cross_origin.ts";
import { textResponse } from "./route/api_response.ts";
import type { ApiRoute, ParameterNote, ResponseNote } from "./route/api_route.ts";

/** The parts of the description that concern the whole API. */
export interface ApiFacts {
  /** The version of chatloom. */
  readonly version: string;
}

type Json = { readonly [key: string]: unknown };

/**
 * Describes `routes`.
 *
 * @see {@link https://spec.openapis.org/oas/v3.1.0 | OpenAPI 3.1}
 */
function describeApi(routes: readonly ApiRoute[], { version }: ApiFacts): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)(?:\{[^}]*\})?/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = describeRoute(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "chatloom node",
      version,
      description: "Reads an archive of Twitch chat. Any request may also be answered with 401 " +
        "or 403 (no access), 404 (no such route), 405 (no such method), 413, 414 or 431 (larger " +
        "than any honest one), 429 (too many), 500 or 503 (the node is at fault), each with its " +
        "reason as plain text. HEAD works wherever GET does.",
    },
    paths,
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    security: [{}, { token: [] }],
  };
}

function describeRoute(
  { summary, pathNotes, queryNotes, responseNotes, method, audience, ...route }: ApiRoute,
) {
  const parameters = [
    ...(pathNotes ?? []).map((note) => describeParameter(note, "path")),
    ...(queryNotes ?? []).map((note) => describeParameter(note, "query")),
  ];
  const responses: Record<string, { description: string; content?: Record<string, Json> }> = {};
  for (const note of responseNotes) {
    const known = responses[note.status];
    responses[note.status] = known === undefined ? describeAnswer(note) : {
      description: `${known.description}; or ${note.description}`,
      content: { ...known.content, ...describeAnswer(note).content },
    };
  }
  return {
    summary,
    tags: [audience],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(isChange(method) && route.bodyMaxBytes !== 0 ? { requestBody: describeBody(route) } : {}),
    responses,
  };
}

const STRING = { type: "string" };

function describeBody({ bodyType = "text/plain" }: Pick<ApiRoute, "bodyType">): Json {
  const schema = bodyType === "application/json" ? { type: "object" } : STRING;
  return { required: true, content: { [bodyType]: { schema } } };
}

function describeParameter(note: ParameterNote, place: "path" | "query"): Json {
  const { name, description, schema, isRequired } = note;
  return {
    name,
    in: place,
    required: place === "path" || isRequired === true,
    description,
    schema,
  };
}

function describeAnswer({ description, type, schema }: ResponseNote) {
  if (type === undefined) return { description };
  // Without it the types of a generated client know nothing of a body that is text.
  const known = schema ?? (type.startsWith("text/") ? STRING : undefined);
  return { description, content: { [type]: known === undefined ? {} : { schema: known } } };
}

/** The route that gives the description of all routes, its own included. */
export function openApiRoute(others: readonly ApiRoute[], facts: ApiFacts): ApiRoute {
  const route: ApiRoute = {
    method: "GET",
    path: "/openapi.json",
    audience: "health",
    summary: "This description.",
    responseNotes: [
      {
        status: 200,
        description: "OpenAPI 3.1",
        type: "application/json",
        schema: { type: "object" },
      },
    ],
    answer: () =>
      Promise.resolve(
        textResponse(200, JSON.stringify(describeApi([...others, route], facts)), {
          "content-type": "application/json; charset=utf-8",
        }),
      ),
  };
  return route;
}
