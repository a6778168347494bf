/** Who has opted out of being logged on this node. Answers at once, from memory. */
export interface OptOuts {
  /** Whether the user with this id has opted out: no answer is about the user. */
  isUserOptedOut(id: string): boolean;
  /** Whether the owner of the room with this id has opted out: no answer is about the room. */
  isChannelOptedOut(id: string): boolean;
}
