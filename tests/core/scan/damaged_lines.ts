import fc from "fast-check";

/** One of `lines` with some of its letters gone, doubled, swapped or changed. */
export function damagedLines(lines: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(
    fc.constantFrom(...lines),
    fc.array(
      fc.record({
        at: fc.nat(500),
        gone: fc.nat(3),
        news: fc.oneof(
          fc.constantFrom(
            "",
            "0",
            "9",
            ".0",
            "1",
            '"',
            "\\",
            "\\u00e9",
            "{",
            "}",
            ",",
            "a",
            "\u00e9",
            " ",
            "-",
            "e5",
          ),
          fc.constantFrom(...lines).chain((line) =>
            fc.tuple(fc.nat(line.length), fc.nat(20)).map(([at, length]) =>
              line.slice(at, at + length)
            )
          ),
        ),
      }),
      { maxLength: 3 },
    ),
  ).map(([line, edits]) =>
    edits.reduce((text, { at, gone, news }) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + news + text.slice(from + gone);
    }, line)
  );
}
