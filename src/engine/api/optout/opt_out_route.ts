import type { Clock } from "../../../ports/clock.ts";
import { jsonResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";
import { AddressRates } from "../gate/address_rates.ts";
import { clientAddress } from "../gate/client_address.ts";

/** How fast one address may ask for codes. */
const CODE_RATE = { perSecond: 1 / 6, burst: 10 };

/** What {@link optOutRoute} works with. */
export interface OptOutRouteOptions {
  readonly clock: Clock;
  /** A code that a user may say in chat, or `undefined` while too many wait. */
  readonly makeCode: () => string | undefined;
  readonly trustedProxies?: readonly string[];
}

/** The route by which a user begins to opt out. */
export function optOutRoute(
  { clock, makeCode, trustedProxies = [] }: OptOutRouteOptions,
): ApiRoute {
  const rates = new AddressRates(() => CODE_RATE);
  return {
    method: "POST",
    path: "/optout",
    audience: "health",
    checksCaller: true,
    bodyMaxBytes: 1_024, // Clients send empty objects. It is not read.
    bodyType: "application/json",
    summary:
      "A code to say in a recorded chat within 60 seconds: !chatloom optout CODE. Its speaker is " +
      "erased from the archive and recorded no more.",
    responseNotes: [
      {
        status: 200,
        description: "The code",
        type: "application/json",
        schema: { type: "string" },
      },
      { status: 429, description: "Too many codes for one address", type: "text/plain" },
      { status: 503, description: "Too many codes wait to be said", type: "text/plain" },
    ],
    answer(routed) {
      const waitS = rates.take(clientAddress(routed, trustedProxies), clock.elapsedUs());
      if (waitS > 0) {
        const headers = { "retry-after": `${Math.ceil(waitS)}` };
        return Promise.resolve(textResponse(429, "Too many codes, try again later", headers));
      }
      const code = makeCode();
      return Promise.resolve(
        code === undefined
          ? textResponse(503, "Too many codes wait to be said, try again", { "retry-after": "60" })
          : jsonResponse(code, { "cache-control": "no-store" }),
      );
    },
  };
}
