import { open } from "node:fs/promises";

/** Makes the names in `folder` survive a power cut, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, "r").catch(() => undefined); // Windows opens no folders.
  if (opened === undefined) return;
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
