/** A SHA-256, at once or later. */
export type Digest = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const LEAF = 0;
const INNER = 1;

/**
 * The root of a Merkle tree over leaves that come one by one. A leaf's hash is the digest of a zero byte and the
 * leaf, a node's the digest of a one byte and the hashes of its left and right part; the left part has the largest
 * power of two of leaves that is less than all. So no leaf can pass for a node, and one leaf is proven by few hashes.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6962#section-2.1 | RFC 6962, section 2.1}
 */
export class MerkleRoot {
  /** How many leaves were added. */
  count = 0;
  readonly #digest: Digest;
  /** The hashes of whole trees, largest first: one for each bit of the count. */
  readonly #trees: Uint8Array[] = [];

  /** A tree without leaves. */
  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** Adds the next leaf. */
  async add(leaf: Uint8Array): Promise<void> {
    let hash = await this.#digest(prefixed(LEAF, leaf));
    for (let trees = this.count++; (trees & 1) === 1; trees >>>= 1) {
      hash = await this.#digest(prefixed(INNER, this.#trees.pop()!, hash));
    }
    this.#trees.push(hash);
  }

  /** The root of the leaves so far: 32 bytes. That of none is the digest of no bytes. */
  async root(): Promise<Uint8Array> {
    let root = this.#trees.at(-1);
    if (root === undefined) return await this.#digest(new Uint8Array());
    for (let at = this.#trees.length - 2; at >= 0; at--) {
      root = await this.#digest(prefixed(INNER, this.#trees[at]!, root));
    }
    return root;
  }
}

function prefixed(prefix: number, ...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(1 + pieces.reduce((sum, piece) => sum + piece.length, 0));
  bytes[0] = prefix;
  let at = 1;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
