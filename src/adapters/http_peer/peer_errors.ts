import { ChatloomError } from "../../core/errors/errors.ts";
import { escapeControls } from "../../core/json/escape_controls.ts";

/** A peer answered with something other than what was asked. */
export function refused(peer: string, why: string, options?: ErrorOptions): ChatloomError {
  return new ChatloomError("PEER_REFUSED", `Cannot use the answer of "${peer}": ${why}`, options);
}

/** A peer cannot be reached, broke off or is too slow. */
export function lost(peer: string, why: string, options?: ErrorOptions): ChatloomError {
  return new ChatloomError("CONNECTION_LOST", `Cannot hear from "${peer}": ${why}`, options);
}

/** Whether there is nothing under that path: as chatloom and as the reference say it. */
export function isNotFound({ status }: Response): boolean {
  return status === 404;
}

/** Whether a peer has no such room: one of the first version, or the reference, refuses hidden folders. */
export function isHidden(response: Response): boolean {
  return isNotFound(response) || response.status === 403;
}

/** The status of a response, in words. */
export function textOf({ status, statusText }: Response): string {
  return escapeControls(`${status} ${statusText.slice(0, 100)}`.trim());
}
