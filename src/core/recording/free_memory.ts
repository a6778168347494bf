/**
 * Gives the memory of `bytes` back at once, where the runtime can: they are empty then. A garbage
 * collector comes late for what lies outside of its heap, as the buffers of a busy minute do.
 *
 * Only for bytes that are used nowhere else, and that fill their buffer.
 */
export function freeMemory(bytes: Uint8Array): void {
  const buffer = bytes.buffer as ArrayBuffer & { transfer?(newLength: number): ArrayBuffer };
  if (bytes.length === 0 || bytes.length !== buffer.byteLength) return;
  buffer.transfer?.(0); // Node 20 has none, and waits for its collector.
}
