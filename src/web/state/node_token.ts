const TOKEN = "chatloom.token";

/** The token that opened the node. For this visit only, and only this tab's: a reload does not ask again. */
export function storedToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN) ?? undefined;
  } catch {
    return undefined; // The browser has no storage for this page.
  }
}

/** Keeps a token for this visit. */
export function storeToken(token: string): void {
  try {
    sessionStorage.setItem(TOKEN, token);
  } catch {
    // See above: the next reload asks again.
  }
}
