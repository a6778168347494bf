import { hostname } from "node:os";
import { isNodeName } from "../core/archive/node_name.ts";

/** The machine's name, as far as it can stand in a receiver's id. */
export function hostName(): string {
  const name = hostname().split(".")[0]?.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 32) ?? "";
  return isNodeName(name) ? name : "node";
}
