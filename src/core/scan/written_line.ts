import { toByteSpan } from "./byte_text.ts";
import { NOT_FOUND } from "./canonical_scan.ts";
import type { Content } from "../batch/content.ts";
import { formatFloat, formatSeconds, formatString } from "../json/canonical_json.ts";
import { formatLength } from "../batch/format_line.ts";
import type { RangedLine } from "./ranged_line.ts";
import { ScannedSighting } from "./scanned_sighting.ts";
import type { Sighting } from "../grouping/sighting.ts";

/**
 * The line of a ranged message, in bytes of its own, as if it had been scanned. With one sighting it is
 * the canonical line; with several it has the range of the first, whatever the others' are.
 *
 * @param sightings at least one
 */
export function toRangedLine(
  { a, b, c, d }: Content,
  sightings: readonly Sighting[],
): RangedLine {
  const { startUs, endUs } = sightings[0]!;
  const list = sightings.map(({ receiver, receivedS }) => ({
    id: formatString(receiver),
    received: formatFloat(receivedS),
  }));
  const receivers = list.map(({ id, received }) => `${id}:${received}`).join(",");
  const before = `${a}{${receivers}}${b}`;
  const time = formatSeconds(startUs);
  const length = formatLength({ startUs, endUs });
  const receiversFrom = a.length + 1;
  const timeFrom = before.length;
  const timeTo = timeFrom + time.length;
  const rangeFrom = timeTo + c.length;
  const rangeTo = rangeFrom + length.length;
  const { text, to } = toByteSpan(before + time + c + length + d);
  const first = { startUs, endUs, timeFrom, timeTo, rangeFrom, rangeTo };
  let at = receiversFrom;
  const scanned = sightings.map((each, i) => {
    const isFirst = each.startUs === startUs && each.endUs === endUs;
    const range = isFirst
      ? first
      : { ...first, ...rangeOf(each), timeFrom: NOT_FOUND, rangeFrom: NOT_FOUND };
    const idTo = at + list[i]!.id.length;
    const end = idTo + 1 + list[i]!.received.length;
    const { receiver, receivedS } = each;
    const one = new ScannedSighting(receiver, receivedS, range, text, at, idTo, idTo + 1, end, end);
    at = end + 1;
    return one;
  });
  return {
    text,
    from: 0,
    receiversFrom,
    receiversTo: receiversFrom + receivers.length,
    timeFrom,
    timeTo,
    rangeFrom,
    rangeTo,
    to,
    sightings: scanned,
  };
}

function rangeOf({ startUs, endUs }: Sighting): Pick<Sighting, "startUs" | "endUs"> {
  return { startUs, endUs };
}
