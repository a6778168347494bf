/** Who has opted out of being logged on this node. Answers at once, from memory. */
export interface OptOuts {
  /** Whether the user with this id has opted out: no answer is about the user. */
  isUserOptedOut(id: string): boolean;
  /** Whether the owner of the room with this id has opted out: no answer is about the room. */
  isChannelOptedOut(id: string): boolean;
  /**
   * Whether an owner who has opted out bore this login: no answer is about a channel of this name, also once the
   * archive holds nothing that tells its id.
   *
   * @param login in lower case
   */
  isChannelNameOptedOut(login: string): boolean;
  /** Whether any channel has opted out: as long as none has, nothing need be looked up. */
  readonly hasOptedOutChannels: boolean;
}

/** No user and no channel has opted out. */
export const NO_OPT_OUTS: OptOuts = {
  isUserOptedOut: () => false,
  isChannelOptedOut: () => false,
  isChannelNameOptedOut: () => false,
  hasOptedOutChannels: false,
};
