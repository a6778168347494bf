/** Those of `elements` over which the reader has selected text, in part or whole. */
export function selectedAmong(elements: Iterable<Element>): Element[] {
  const selection = getSelection();
  if (selection === null || selection.isCollapsed) return [];
  return [...elements].filter((element) => selection.containsNode(element, true));
}
