/**
 * Frees the memory of `bytes` at once, where the runtime can: they are empty then. A garbage
 * collector runs late for memory outside of its heap, such as the buffers of a busy minute.
 *
 * Only for bytes that are used nowhere else, and that fill their buffer.
 */
export function freeMemory(bytes: Uint8Array): void {
  const buffer = bytes.buffer as ArrayBuffer & { transfer?(newLength: number): ArrayBuffer };
  if (bytes.length === 0 || bytes.length !== buffer.byteLength) return;
  buffer.transfer?.(0); // Node 20 has none, and waits for its collector.
}
