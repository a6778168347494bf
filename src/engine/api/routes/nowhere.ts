import { notFound } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";

/** Answers what no other route does. Such requests pass the gate too: their rate counts, and so do they. */
export const NOWHERE: ApiRoute = {
  method: "ANY",
  path: "*",
  audience: "health",
  summary: "No route has this path.",
  responseNotes: [],
  answer: () => Promise.resolve(notFound()),
};
