/** The name under which the style sheet finds what is highlighted. */
const NAME = "found";

/**
 * Marks where each of `texts` stands in the elements that `selector` finds inside `root`, in any case. The document
 * stays as it is; browsers without the CSS Custom Highlight API show no mark.
 *
 * @see {@link https://www.w3.org/TR/css-highlight-api-1/ | CSS Custom Highlight API}
 */
export function highlight(root: Element, selector: string, texts: readonly string[]): void {
  if (!("highlights" in CSS)) return;
  CSS.highlights.delete(NAME);
  const wanted = texts.map((text) => text.toLowerCase()).filter((text) => text !== "");
  if (wanted.length === 0) return;
  const ranges: Range[] = [];
  for (const element of root.querySelectorAll(selector)) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      for (const each of wanted) ranges.push(...rangesIn(node as Text, each));
    }
  }
  CSS.highlights.set(NAME, new Highlight(...ranges));
}

function rangesIn(node: Text, wanted: string): Range[] {
  const text = node.data.toLowerCase();
  if (text.length !== node.data.length) return []; // Places would not be the same.
  const ranges: Range[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + wanted.length);
    ranges.push(range);
  }
  return ranges;
}
