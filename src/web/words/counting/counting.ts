/** The forms of a noun that a language's counts need: `other` always, the rest where they differ. */
export type Forms = { readonly other: string } & Readonly<Partial<Record<string, string>>>;

/** How a language writes numbers, and nouns beside them. */
export interface Counting {
  /** `1,234,567`. */
  count(value: number): string;
  /** with at most `digitsMax` digits behind the decimal sign: `12.3`. */
  decimal(value: number, digitsMax: number): string;
  /** `1 message`, `2 messages`: in the form that the language has for this count. */
  counted(value: number, forms: Forms): string;
}

/** Counting in the language of a BCP 47 tag. */
export function countingIn(tag: string): Counting {
  // To make one of these takes the browser milliseconds, and the first view of the page may need none.
  let whole: Intl.NumberFormat | undefined;
  let rules: Intl.PluralRules | undefined;
  const count = (value: number): string => (whole ??= new Intl.NumberFormat(tag)).format(value);
  const byDigits = new Map<number, Intl.NumberFormat>();
  return {
    count,
    decimal: (value, digitsMax) => {
      let format = byDigits.get(digitsMax);
      if (format === undefined) {
        byDigits.set(
          digitsMax,
          format = new Intl.NumberFormat(tag, { maximumFractionDigits: digitsMax }),
        );
      }
      return format.format(value);
    },
    counted: (value, forms) => {
      rules ??= new Intl.PluralRules(tag);
      return `${count(value)} ${forms[rules.select(value)] ?? forms.other}`;
    },
  };
}
