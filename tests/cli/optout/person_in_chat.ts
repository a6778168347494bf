import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The id, the login and the words of a user who opts out. */
export const [ID, LOGIN, TEXT] = ["777000777", "victimlogin", "unmistakablesecret"];

/** A message of the user, or of another. */
export function privmsg(
  { id = ID, login = LOGIN, text = TEXT, ms = Date.now(), tags = "" }: {
    readonly id?: string;
    readonly login?: string;
    readonly text?: string;
    readonly ms?: number;
    readonly tags?: string;
  },
): string {
  const message = `id=${crypto.randomUUID()};room-id=1;tmi-sent-ts=${ms};user-id=${id}${tags}`;
  return `@display-name=${login};${message} :${login}!${login}@${login}.tmi.twitch.tv PRIVMSG #forsen :${text}`;
}

/** All lines that name the user, in each role. */
export function namingLines(ms: number): string[] {
  const at = `room-id=1;tmi-sent-ts=${ms}`;
  return [
    privmsg({ ms }),
    privmsg({
      id: "5",
      login: "other",
      ms,
      tags: `;reply-parent-user-id=${ID};reply-parent-msg-body=${TEXT}`,
    }),
    `@${at};target-user-id=${ID};ban-duration=1 :tmi.twitch.tv CLEARCHAT #forsen :${LOGIN}`,
    `@login=${LOGIN};${at};target-msg-id=1 :tmi.twitch.tv CLEARMSG #forsen :${TEXT}`,
    `:${LOGIN}!${LOGIN}@${LOGIN}.tmi.twitch.tv JOIN #forsen`,
    `:${LOGIN}!${LOGIN}@${LOGIN}.tmi.twitch.tv PART #forsen`,
    privmsg({ id: "6", login: "bystander", text: "stays here", ms }),
  ];
}

/** The files below `folder` that hold `text` in their name or bytes, relative to it. */
export async function filesWith(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    // Files come and go while nodes run.
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (name.includes(text) || bytes?.includes(text)) found.push(name);
  }
  return found;
}
