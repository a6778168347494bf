import { type ChatExport, type ExportedEvent, formatClock, offsetMs } from "./chat_export.ts";
import { eventExport } from "./event_export.ts";
import { type ShownMessage, toShown } from "./shown_message.ts";

/** How long a message is on the screen, in milliseconds. */
const SHOWN_MS = 6_000;

/** Subtitles of a video that begins at the start: what came before is left out. */
function subtitleExport(
  head: string,
  cue: (shown: ShownMessage, fromMs: number, event: ExportedEvent) => string,
): ChatExport {
  return eventExport((event, facts) => {
    const shown = toShown(event.message);
    if (shown === undefined || event.startUs < facts.startUs) return "";
    return cue(shown, offsetMs(event, facts), event);
  }, head);
}

/** WebVTT: chat as subtitles of a video that begins at the start. What came before is left out. */
export function webVttExport(): ChatExport {
  return subtitleExport("WEBVTT\n\n", (shown, fromMs) => {
    const name = escapeVtt(shown.name);
    return `${vttTime(fromMs)} --> ${vttTime(fromMs + SHOWN_MS)}\n` +
      `<v ${name}>${name}: ${escapeVtt(shown.body)}\n\n`;
  });
}

function vttTime(ms: number): string {
  return `${formatClock(ms, { hourDigits: 2 })}.${String(ms % 1000).padStart(3, "0")}`;
}

/** A blank line would end the cue, and an arrow begin another. */
function escapeVtt(text: string): string {
  return oneLine(text).replace(/[&<>]/g, (letter) => VTT_ESCAPES.get(letter)!);
}

const VTT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
]);

const ASS_HEAD = `[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 0

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Chat,Arial,36,&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,0,1,40,1240,40,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`;

/** Advanced SubStation Alpha: chat as subtitles in the lower left, names in their colours. */
export function assExport(): ChatExport {
  return subtitleExport(ASS_HEAD, (shown, fromMs, { message }) => {
    const colour = assColour(message.tags?.["color"] ?? "");
    const name = escapeAss(shown.name);
    return `Dialogue: 0,${assTime(fromMs)},${assTime(fromMs + SHOWN_MS)},Chat,,0,0,0,,` +
      `{\\c${colour}\\b1}${name}{\\r}: ${escapeAss(shown.body)}\n`;
  });
}

/** Hundredths of a second are what the format has. */
function assTime(ms: number): string {
  const hundredths = String(Math.floor(ms % 1000 / 10)).padStart(2, "0");
  return `${formatClock(ms, { hourDigits: 1 })}.${hundredths}`;
}

/** Colours stand in the order blue, green, red. */
function assColour(color: string): string {
  const [, red, green, blue] = /^#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})$/.exec(color) ??
    [, "FF", "FF", "FF"];
  return `&H${blue}${green}${red}&`;
}

/** Braces and backslashes are commands, and only some players know an escape: wide forms stand for them. */
function escapeAss(text: string): string {
  return oneLine(text).replace(/[{}\\]/g, (letter) => ASS_ESCAPES.get(letter)!);
}

const ASS_ESCAPES: ReadonlyMap<string, string> = new Map([["{", "｛"], ["}", "｝"], ["\\", "＼"]]);

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters end lines, or mean something to players
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ");
}
