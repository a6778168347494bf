import { isChannelName } from "../../../core/archive/archive_key.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { channelsOf } from "../../optout/erase_user.ts";
import type { OwnExports } from "../../optout/own_exports.ts";
import { ownLines, type PlaceOfUsers } from "../../optout/own_messages.ts";
import { AddressRates } from "../gate/address_rates.ts";
import { clientAddress } from "../gate/client_address.ts";
import { type ApiResponse, jsonResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";
import { callerSignal } from "../route/caller_signal.ts";

/** How fast one address may ask for tickets. */
const TICKET_RATE = { perSecond: 1 / 6, burst: 10 };
/** How fast one address may try links: each that holds reads the archive. */
const LINK_RATE = { perSecond: 1 / 2, burst: 10 };
/** An export reads every file of its channels: so few run at a time, on the whole node. */
const EXPORTS_AT_ONCE = 2;
const CHUNK_CHARS = 64 * 1024;

/** What {@link ownExportRoutes} works with. */
export interface OwnExportOptions extends Omit<PlaceOfUsers, "signal"> {
  readonly exports: OwnExports;
  readonly clock: Clock;
  readonly trustedProxies?: readonly string[];
}

/** The routes by which users get what they wrote: one gives a code and a link, the other the lines. */
export function ownExportRoutes(options: OwnExportOptions): ApiRoute[] {
  const { exports, clock, trustedProxies = [] } = options;
  const [tickets, links] = [
    new AddressRates(() => TICKET_RATE),
    new AddressRates(() => LINK_RATE),
  ];
  const refusal = (rates: AddressRates, routed: RoutedRequest): ApiResponse | undefined => {
    const waitS = rates.take(clientAddress(routed, trustedProxies), clock.elapsedUs());
    if (waitS <= 0) return undefined;
    const headers = { "retry-after": `${Math.ceil(waitS)}` };
    return textResponse(429, "Too many requests, try again later", headers);
  };
  const running = { count: 0 };
  const tooMany = { status: 429, description: "Too many from one address", type: "text/plain" };
  return [
    {
      method: "POST",
      path: "/optout/export",
      audience: "health",
      checksCaller: true,
      bodyMaxBytes: 1_024, // Clients send empty objects. It is not read.
      bodyType: "application/json",
      summary:
        "A code to say in a recorded chat within 60 seconds: !chatloom export CODE. The link then gives " +
        "what its speaker wrote, for 10 minutes.",
      responseNotes: [
        {
          status: 200,
          description: "The code, and the path of the link, which is a secret",
          type: "application/json",
          schema: {
            type: "object",
            required: ["code", "link"],
            properties: { code: { type: "string" }, link: { type: "string" } },
          },
        },
        tooMany,
        { status: 503, description: "Too many wait", type: "text/plain" },
      ],
      answer(routed) {
        const refused = refusal(tickets, routed);
        if (refused !== undefined) return Promise.resolve(refused);
        const ticket = exports.make();
        if (ticket === undefined) {
          const headers = { "retry-after": "60" };
          return Promise.resolve(textResponse(503, "Too many wait, try again", headers));
        }
        const answer = { code: ticket.code, link: `/optout/export/${ticket.token}` };
        return Promise.resolve(jsonResponse(answer, { "cache-control": "no-store" }));
      },
    },
    {
      method: "GET",
      path: "/optout/export/:token",
      audience: "health",
      isHiddenFromPages: true,
      summary: "What the user wrote who said the link's code in chat, a message a line.",
      pathNotes: [{
        name: "token",
        description: "The secret of a link",
        schema: { type: "string" },
      }],
      queryNotes: [{
        name: "channel",
        description: "Only this channel; all by default",
        schema: { type: "string" },
      }],
      responseNotes: [
        { status: 200, description: "The messages", type: "application/x-ndjson" },
        { status: 400, description: "The channel is no channel's name", type: "text/plain" },
        { status: 404, description: "No such link, or it has ended", type: "text/plain" },
        { status: 409, description: "Its code was not said yet", type: "text/plain" },
        tooMany,
        { status: 503, description: "Other exports run", type: "text/plain" },
      ],
      async answer(routed) {
        const refused = refusal(links, routed);
        if (refused !== undefined) return refused;
        const owner = exports.ownerOf(routed.params["token"] ?? "");
        if (owner === undefined) return textResponse(404, "No such link, or it has ended");
        if (owner === "unsaid") return textResponse(409, "The code was not said in chat yet");
        const channel = new URL(routed.request.url).searchParams.get("channel");
        if (channel !== null && !isChannelName(channel)) return textResponse(400, "Bad channel");
        if (running.count >= EXPORTS_AT_ONCE) {
          return textResponse(503, "Other exports run, try again", { "retry-after": "10" });
        }
        const place = { ...options, signal: callerSignal(routed) };
        const channels = channel === null ? await channelsOf(place) : [channel];
        return {
          status: 200,
          headers: {
            "content-type": "application/x-ndjson",
            "cache-control": "no-store",
            "content-disposition": `attachment; filename="messages.ndjson"`,
            "x-content-type-options": "nosniff",
          },
          body: linesOf(owner.userId, { channels, place, running }),
        };
      },
    },
  ];
}

async function* linesOf(
  userId: string,
  { channels, place, running }: {
    readonly channels: readonly string[];
    readonly place: PlaceOfUsers;
    readonly running: { count: number };
  },
): AsyncGenerator<Uint8Array> {
  running.count++;
  try {
    const encoder = new TextEncoder();
    let text = "";
    for (const channel of channels) {
      for await (const line of ownLines(channel, { ...place, userId })) {
        text += `${line}\n`;
        if (text.length < CHUNK_CHARS) continue;
        yield encoder.encode(text);
        text = "";
      }
    }
    if (text !== "") yield encoder.encode(text);
  } finally {
    running.count--;
  }
}
