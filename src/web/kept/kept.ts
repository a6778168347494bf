import { effect, type Signal, signal } from "@preact/signals";

/** A choice of the reader, kept across visits where the browser allows it; the first of `choices` until one is made. */
export function kept<T extends string>(name: string, choices: readonly [T, ...T[]]): Signal<T> {
  const stored = readStored(`chatloom.${name}`);
  const choice = signal<T>(choices.find((each) => each === stored) ?? choices[0]);
  effect(() => writeStored(`chatloom.${name}`, choice.value));
  return choice;
}

// Pages from `file://`, and those whose reader forbids it, have no storage: then nothing is kept.
function readStored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function writeStored(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // See above.
  }
}
