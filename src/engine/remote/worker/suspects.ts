import type { Delivery } from "../../../ports/remote/broker.ts";

/** How many processes may die with a message before it is given up. */
export const DEATHS_MAX = 3;

/**
 * What to tell a message by: its id and its key. A sender that sends a file again gives it the same id, so that
 * a file that ends workers is known however it comes.
 */
export function suspectId({ messageId, headers }: Delivery): string {
  return `${messageId ?? ""} ${headers.get("method") ?? ""} ${headers.get("key") ?? ""}`.slice(
    0,
    300,
  );
}
