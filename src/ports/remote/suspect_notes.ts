/** Remembers across crashes which messages were being handled. Bounded: what is oldest is forgotten. */
export interface SuspectNotes {
  /** Notes that `id` is being handled; returns how often it is noted now. It is on disk when this resolves. */
  add(id: string): Promise<number>;
  /** Forgets `id`: it was handled. */
  remove(id: string): Promise<void>;
}
