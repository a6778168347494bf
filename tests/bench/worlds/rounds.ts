/** Something to be timed; what it returns is added up, so that no engine can leave it out. */
export type Work<Input> = (input: Input) => number | Promise<number>;

/** How {@link medianMs} measures. */
export interface RoundOptions<Input> {
  /** Makes what each work is given, afresh each time; it is not timed. */
  readonly prepare: () => Input;
  /** How often each work is timed. */
  readonly rounds?: number;
  /** How often each work runs before that, untimed. */
  readonly warmUps?: number;
}

/**
 * The median time of each work, in ms. Rounds are interleaved and their order turns, so that a slow
 * second of the machine, or what one leaves on the heap, weighs on all alike.
 */
export async function medianMs<Name extends string, Input>(
  works: Readonly<Record<Name, Work<Input>>>,
  { prepare, rounds = 15, warmUps = 5 }: RoundOptions<Input>,
): Promise<Record<Name, number>> {
  return pick(await timesMs(works, { prepare, rounds, warmUps }), rounds >> 1);
}

/** As {@link medianMs} the least time of each work, which a busy neighbour disturbs least. */
export async function leastMs<Name extends string>(
  works: Readonly<Record<Name, Work<undefined>>>,
  { rounds = 25, warmUps = 5 }: Omit<RoundOptions<undefined>, "prepare"> = {},
): Promise<Record<Name, number>> {
  return pick(await timesMs(works, { prepare: () => undefined, rounds, warmUps }), 0);
}

function pick<Name extends string>(
  times: ReadonlyMap<Name, readonly number[]>,
  place: number,
): Record<Name, number> {
  return Object.fromEntries(
    [...times].map(([name, each]) => [name, each[place]!]),
  ) as Record<Name, number>;
}

/** The times of each work, from the least to the greatest. */
async function timesMs<Name extends string, Input>(
  works: Readonly<Record<Name, Work<Input>>>,
  { prepare, rounds, warmUps }: Required<RoundOptions<Input>>,
): Promise<Map<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  let sink = 0;
  for (let round = -warmUps; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + warmUps) % names.length]!;
      const input = prepare();
      const startMs = performance.now();
      sink += await works[name](input);
      if (round >= 0) times.get(name)!.push(performance.now() - startMs);
    }
  }
  if (Number.isNaN(sink)) throw new Error("Cannot measure: a work returned no number");
  for (const each of times.values()) each.sort((a, b) => a - b);
  return times;
}
