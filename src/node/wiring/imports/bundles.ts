import { ChatloomError } from "../../../core/errors/errors.ts";
import { findInputs, type ImportInput } from "./find_inputs.ts";
import { bundleKind, unpackBundle, type UnpackedBundle } from "./unpack_bundle.ts";

/** Shows that a bundle is being unpacked. */
interface UnpackContext {
  readonly signal: AbortSignal;
  progress(label: string): { update(count: number, name: string): void; end(): void };
}

/** The bundles of an import: zips and tars, unpacked where they are met. Disposing deletes what was unpacked. */
export class Bundles implements AsyncDisposable {
  /** Those that could not be unpacked, and why. */
  readonly failed: { readonly name: string; readonly refusal: string }[] = [];
  readonly #context: UnpackContext;
  readonly #unpacked = new Map<string, UnpackedBundle>();

  /** None yet. */
  constructor(context: UnpackContext) {
    this.#context = context;
  }

  /**
   * What a path holds, and what the bundles in it hold. A bundle within a bundle is not unpacked.
   *
   * @throws {ChatloomError} `INPUT_UNREADABLE` when a folder cannot be read.
   */
  async *inputsOf(path: string): AsyncGenerator<ImportInput, void, undefined> {
    for await (const input of findInputs(path)) {
      const kind = input.kind === "file" && input.path !== "-"
        ? await bundleKind(input.path, this.#context.signal)
        : undefined;
      if (input.kind !== "file" || kind === undefined) yield input;
      else yield* this.#inBundle(input.path, kind);
    }
  }

  /** Writes a text with the names of bundles in place of the folders to which they were unpacked. */
  named(text: string): string {
    let named = text;
    for (const [path, { folder }] of this.#unpacked) named = named.replaceAll(folder, path);
    return named;
  }

  async *#inBundle(
    path: string,
    kind: "zip" | "tar",
  ): AsyncGenerator<ImportInput, void, undefined> {
    const shown = this.#context.progress(`Unpacking ${path}`);
    let bundle: UnpackedBundle;
    let count = 0;
    try {
      const { signal } = this.#context;
      bundle = await unpackBundle(path, kind, {
        signal,
        onFile: (name) => shown.update(++count, name),
      });
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      this.failed.push({ name: path, refusal: error.message });
      return;
    } finally {
      shown.end();
    }
    this.#unpacked.set(path, bundle);
    yield* findInputs(bundle.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const bundle of this.#unpacked.values()) await bundle[Symbol.asyncDispose]();
    this.#unpacked.clear();
  }
}
