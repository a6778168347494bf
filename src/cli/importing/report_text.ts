import type { DayCounts, ImportReport } from "../../engine/import/archiving/import_report.ts";

/** What became of the lines of files of other tools: a line a day, and one for all. */
export function reportText(report: ImportReport): string {
  const days = report.days();
  if (days.length === 0) return "";
  const rows = days.map(([day, counts]) => `${day}: ${countsText(counts)}\n`);
  return days.length === 1 ? rows[0]! : `${rows.join("")}together: ${countsText(report.total())}\n`;
}

function countsText({ lines, messages, confirmed, doubles, held, refused }: DayCounts): string {
  const parts = [`${lines} lines`, `${messages} messages`];
  if (confirmed > 0) parts.push(`${confirmed} confirmed`);
  if (doubles > 0) parts.push(`${doubles} doubles`);
  if (held > 0) parts.push(`${held} held with other tags`);
  for (const [reason, amount] of [...refused].sort()) parts.push(`${amount} refused (${reason})`);
  return parts.join(", ");
}
