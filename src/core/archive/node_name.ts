const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_-])?$/;

/**
 * Whether `text` can name a node, and so stand in a receiver's id and in a folder's name: up to 63
 * letters, digits, `_`, `-` and, inside, dots, as host names have them.
 */
export function isNodeName(text: string): boolean {
  return NODE_NAME.test(text);
}
