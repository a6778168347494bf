import { formatCounted } from "../ui/format.ts";

/** A length of time in words, to the unit that matters: `40 seconds`, `20 minutes`, `3 hours`, `12 days`. */
export function formatMissing(seconds: number): string {
  if (seconds < 120) return formatCounted(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 7_200) return formatCounted(Math.round(seconds / 60), "minute");
  if (seconds < 172_800) return formatCounted(Math.round(seconds / 3_600), "hour");
  return formatCounted(Math.round(seconds / 86_400), "day");
}
