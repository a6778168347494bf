/** The source of random numbers. */
export interface Random {
  /** The next number, uniform in [0, 1). */
  next(): number;
}
