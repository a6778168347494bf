import { sha256 } from "./sha256.ts";
import { Lru } from "../lru.ts";

const PREFIX = "sha256:";
const REMEMBERED_MAX = 4_096;
const remembered = new Lru<string, string>({ countMax: REMEMBERED_MAX });

/**
 * A name as a redaction holds it when the name itself must stand nowhere: `sha256:` and the digest of the
 * name in lower case, in hex. No login has a colon. It hides a name from readers and searches, not from one
 * who guesses it: logins are public, and each can be tried.
 *
 * A node that knows nothing of digests takes it for a name that no user bears.
 */
export function loginDigest(login: string): string {
  const name = login.toLowerCase();
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const digest = `${PREFIX}${sha256(new TextEncoder().encode(name))}`;
  remembered.set(name, digest);
  return digest;
}

/** Whether `name` is a {@link loginDigest}. */
export function isLoginDigest(name: string): boolean {
  return name.startsWith(PREFIX);
}
