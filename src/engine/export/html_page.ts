import { formatText } from "../../core/batch/message_text.ts";
import type { ChatExport, ExportedEvent, ExportFacts } from "./chat_export.ts";
import { toShown } from "./shown_message.ts";

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:0;background:#fff;color:#1b1b1f}
h1{font-size:1.1rem;margin:0;padding:.8rem 1rem;border-bottom:1px solid #8886}
h2{font-size:1rem;margin:0;padding:.6rem 1rem;background:#8881;position:sticky;top:0}
p{margin:0;padding:.1rem 1rem;overflow-wrap:anywhere}p:target{background:#fd06}
time{color:#70707a;font-variant-numeric:tabular-nums;font-size:.85em}
b{font-weight:600}i{color:#70707a}em{font-style:normal;border-bottom:1px dotted}
@media(prefers-color-scheme:dark){body{background:#18181b;color:#efeff1}h2{background:#26262c}}`;

/**
 * A page of its own that shows a range of chat: no script, no network, and a policy that forbids both, so that
 * nothing a chatter wrote can do more than stand there. Emotes are their names.
 */
export class HtmlPage implements ChatExport {
  #day = "";
  #count = 0;

  /** See {@link ChatExport}. */
  begin({ channel, startUs, endUs }: ExportFacts): string {
    const title = escapeHtml(`Chat of ${channel}, ${toMinute(startUs)} to ${toMinute(endUs)} UTC`);
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><title>${title}</title>
<style>${STYLE}</style></head><body><h1>${title}</h1>
`;
  }

  /** See {@link ChatExport}. */
  event({ message, startUs, endUs }: ExportedEvent): string {
    const iso = new Date(Math.floor(startUs / 1000)).toISOString();
    const day = iso.slice(0, 10);
    const head = day === this.#day ? "" : `<h2>${day}</h2>\n`;
    this.#day = day;
    const clock = `${startUs === endUs ? "" : "~"}${iso.slice(11, 19)}`;
    const time = `<time datetime="${iso}">${clock}</time>`;
    return `${head}<p id="m${++this.#count}">${time} ${htmlOf(message)}</p>\n`;
  }

  /** See {@link ChatExport}. */
  end(): string {
    return `<p><i>${this.#count} messages</i></p>\n</body></html>\n`;
  }
}

function htmlOf(message: ExportedEvent["message"]): string {
  const shown = toShown(message);
  if (shown === undefined) {
    const text = formatText(message).replace(/^\[[^\]]*\] /, "");
    return `<i>${escapeHtml(text)}</i>`;
  }
  const color = /^#[0-9A-Fa-f]{6}$/.exec(message.tags?.["color"] ?? "")?.[0];
  const style = color === undefined ? "" : ` style="color:${color}"`;
  const name = `<b${style} title="${escapeHtml(shown.login)}">${escapeHtml(shown.name)}</b>`;
  const body = shown.pieces.map(({ text, emoteId }) =>
    emoteId === undefined
      ? escapeHtml(text)
      : `<em title="emote ${escapeHtml(emoteId)}">${escapeHtml(text)}</em>`
  ).join("");
  if (message.command === "USERNOTICE") return `<i>${body}</i>`;
  return shown.isAction ? `${name} <i>${body}</i>` : `${name}: ${body}`;
}

function toMinute(us: number): string {
  return new Date(Math.floor(us / 1000)).toISOString().slice(0, 16).replace("T", " ");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
