import { readFile } from "node:fs/promises";

const PAGE_URL = new URL("../../web/dist/page.html", import.meta.url);

/** The page that comes with the package, or `undefined` in a working tree where it is not built. */
export async function readBuiltPage(): Promise<Uint8Array | undefined> {
  if (PAGE_URL.protocol !== "file:") {
    const response = await fetch(PAGE_URL);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  }
  try {
    return new Uint8Array(await readFile(PAGE_URL));
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}
