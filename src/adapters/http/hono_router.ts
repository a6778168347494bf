// Hono, because it takes a Request and gives a Response in any runtime, has no dependencies and is
// kept by many. Only its matching of paths is used.
import { Hono } from "hono";
import type { Caller, HttpHandler, HttpRoute } from "../../ports/http.ts";

/** A handler that passes each request to the first of `routes` that matches, and answers 404 to the rest. */
export function honoRouter(routes: readonly HttpRoute[]): HttpHandler {
  const app = new Hono<{ Bindings: { readonly caller: Caller } }>();
  for (const { method, path, answer } of routes) {
    app.on(method === "ANY" ? "ALL" : method, path, (context) =>
      answer({
        request: context.req.raw,
        params: context.req.param(),
        caller: context.env.caller,
      }));
  }
  return async (request, caller) => await app.fetch(request, { caller });
}
