import { KEPT_COMMANDS } from "../batch/message.ts";

/** Commands that come on every connection and are not archived. */
const PROTOCOL = /^(?:\d{3}|CAP|PING|PONG|GLOBALUSERSTATE|RECONNECT|WHISPER|PASS|NICK|USER|QUIT)$/;

/** Whether Twitch's chat server or its clients send `command`, given in upper case. */
export function isCommandOfTwitch(command: string): boolean {
  return KEPT_COMMANDS.has(command) || PROTOCOL.test(command);
}
