import { spawnSync } from "node:child_process";
import { tempFolder } from "./temp_folder.ts";

/** A real file system of its own. */
export interface SmallDisk {
  readonly path: string;
  makeReadOnly(): void;
  close(): void;
}

/** Mounts a small disk, or says why that cannot be done here. */
export function mountSmallDisk(
  sizeKilobytes: number,
  { inodes = 200 }: { readonly inodes?: number } = {},
): { readonly disk: SmallDisk } | { readonly reason: string } {
  const { path, close } = tempFolder();
  const options = `size=${sizeKilobytes}k,nr_inodes=${inodes}`;
  const mount = (...args: readonly string[]) => spawnSync("mount", args, { encoding: "utf8" });
  const { error, status, stderr } = mount("-t", "tmpfs", "-o", options, "tmpfs", path);
  if (error !== undefined || status !== 0) {
    close();
    return { reason: `no disk can be mounted here: ${(error?.message ?? stderr).trim()}` };
  }
  return {
    disk: {
      path,
      makeReadOnly: () => void mount("-o", "remount,ro", path),
      close: () => {
        spawnSync("umount", [path]);
        close();
      },
    },
  };
}

/** Takes from everyone, root too, the right to make files in `folder`; or says why it cannot. */
export function lockFolder(
  folder: string,
): { readonly unlock: () => void } | { readonly reason: string } {
  const chattr = (flag: string) => spawnSync("chattr", [flag, folder], { encoding: "utf8" });
  const { error, status, stderr } = chattr("+i");
  if (error === undefined && status === 0) return { unlock: () => void chattr("-i") };
  return { reason: `no folder can be locked here: ${(error?.message ?? stderr).trim()}` };
}
