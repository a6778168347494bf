/** `node:test` for a page: runs what was registered, one after the other, and tells how it ended. */

/** What the page's driver reads. */
export interface PageReport {
  /** Tests that ran well, subtests included. */
  passed: number;
  /** Tests that said why they do not run here. */
  skipped: number;
  /** Name and stack of those that did not. */
  readonly failures: { readonly name: string; readonly error: string }[];
}

interface TestOptions {
  readonly skip?: boolean | string | undefined;
  readonly timeout?: number;
}
type Body = (context: TestContext) => unknown;

interface Planned {
  readonly name: string;
  readonly body: Body;
  readonly options: TestOptions;
  readonly hooks: readonly Hooks[];
}
interface Hooks {
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
  readonly before: Body[];
  readonly after: Body[];
}

const planned: Planned[] = [];
const groups: { readonly name: string; readonly hooks: Hooks }[] = [];
const TEST_TIMEOUT_MS = 60_000;

/** What a running test is given. */
export class TestContext {
  /** The test's name. */
  readonly name: string;
  /** What is done when the test ends. */
  readonly ends: Body[] = [];
  readonly #restores: (() => void)[] = [];
  /** Whether it said that it does not apply here. */
  isSkipped = false;
  readonly #report: PageReport;

  /** The context of the test called `name`. */
  constructor(name: string, report: PageReport) {
    this.name = name;
    this.#report = report;
  }

  /** Runs a subtest. */
  test(name: string, ...rest: [Body] | [TestOptions, Body]): Promise<void> {
    const [options, body] = rest.length === 2 ? rest : [{}, rest[0]];
    return runOne(`${this.name} > ${name}`, { options, body, hooks: [] }, this.#report);
  }

  /** Says that the test does not apply here. */
  skip(): void {
    this.isSkipped = true;
  }

  /** Runs `body` when the test ends. */
  after(body: Body): void {
    this.ends.push(body);
  }

  /** Comments go nowhere. */
  diagnostic(): void {}

  /** Stand-ins for methods, until the test ends. */
  readonly mock = {
    method: (target: object, name: string, stand: (...args: never[]) => unknown): void => {
      const before = Object.getOwnPropertyDescriptor(target, name);
      Object.defineProperty(target, name, { value: stand, configurable: true, writable: true });
      this.#restores.push(() => {
        if (before === undefined) Reflect.deleteProperty(target, name);
        else Object.defineProperty(target, name, before);
      });
    },
    restoreAll: (): void => {
      for (const restore of this.#restores.splice(0).reverse()) restore();
    },
  };
}

/** Registers a test. */
export function test(name: string, ...rest: [Body] | [TestOptions, Body]): void {
  const [options, body] = rest.length === 2 ? rest : [{}, rest[0]];
  const path = [...groups.map((group) => group.name), name].join(" > ");
  planned.push({ name: path, body, options, hooks: groups.map((group) => group.hooks) });
}
/** The same. */
export const it = test;

/** Registers the tests that `body` registers, under `name`. */
export function describe(name: string, body: () => void): void {
  groups.push({ name, hooks: { before: [], after: [], beforeEach: [], afterEach: [] } });
  body();
  groups.pop();
}
/** The same. */
export const suite = describe;

const fileHooks: Hooks = { before: [], after: [], beforeEach: [], afterEach: [] };
function addHook(kind: keyof Hooks, body: Body): void {
  (groups.at(-1)?.hooks ?? fileHooks)[kind].push(body);
}
/** Runs before all tests of its group. */
export const before = (body: Body): void => addHook("before", body);
/** Runs after all tests of its group. */
export const after = (body: Body): void => addHook("after", body);
/** Runs before each test of its group. */
export const beforeEach = (body: Body): void => addHook("beforeEach", body);
/** Runs after each test of its group. */
export const afterEach = (body: Body): void => addHook("afterEach", body);

test.skip = (name: string): void => test(name, { skip: true }, () => {});

async function runOne(
  name: string,
  { body, options, hooks }: Omit<Planned, "name">,
  report: PageReport,
): Promise<void> {
  if (options.skip) {
    report.skipped++;
    return;
  }
  const context = new TestContext(name, report);
  const timeoutMs = options.timeout ?? TEST_TIMEOUT_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const tooLong = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${timeoutMs} ms`)), timeoutMs);
    });
    const run = async (): Promise<void> => {
      for (const { beforeEach } of hooks) for (const hook of beforeEach) await hook(context);
      await body(context);
      for (const { afterEach } of hooks) for (const hook of afterEach) await hook(context);
    };
    await Promise.race([run(), tooLong]);
    if (context.isSkipped) report.skipped++;
    else report.passed++;
  } catch (error) {
    report.failures.push({
      name,
      error: error instanceof Error ? `${error.stack}` : String(error),
    });
  } finally {
    clearTimeout(timer);
    context.mock.restoreAll();
    for (const end of context.ends.reverse()) await end(context);
  }
}

/** Runs all that was registered. */
export async function runAll(): Promise<PageReport> {
  const report: PageReport = { passed: 0, skipped: 0, failures: [] };
  const begun = new Set<Hooks>();
  const context = new TestContext("hooks", report);
  for (const { name, ...plan } of planned) {
    const hooks = [fileHooks, ...plan.hooks];
    for (const each of hooks) {
      if (begun.has(each)) continue;
      begun.add(each);
      for (const hook of each.before) await hook(context);
    }
    await runOne(name, { ...plan, hooks }, report);
  }
  for (const each of [...begun].reverse()) for (const hook of each.after) await hook(context);
  return report;
}

export default test;
