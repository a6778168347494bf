/** A signal that counts who listens to it: what waits for it must let go of it when it is done. */
export function countedSignal(): {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  readonly count: () => number;
} {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<AbortSignal["addEventListener"]>) => {
    listeners.add(args[1]);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<AbortSignal["removeEventListener"]>) => {
    listeners.delete(args[1]);
    removeEventListener.apply(signal, args);
  };
  return { signal, abort: (reason) => controller.abort(reason), count: () => listeners.size };
}
