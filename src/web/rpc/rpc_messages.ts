/** The types of one call: input, output and progress. */
export interface Call<Input, Output, Progress = never> {
  readonly input: Input;
  readonly output: Output;
  readonly progress: Progress;
}

/** Calls by name. */
// deno-lint-ignore no-explicit-any -- any call fits, and `unknown` would fit none
export type Calls = { readonly [name: string]: Call<any, any, any> };

/** The id of a call whose response is not looked at; the ids of others are above. */
export const UNHEARD_ID = 0;

/** What the page sends. */
export type Request =
  | { readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly cancel: number };

/** What the worker sends back. */
export type Response =
  | { readonly id: number; readonly progress: unknown }
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: RpcError };

/** An error in transit: structured clones drop the fields of our own error classes. */
export interface RpcError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}

/** Either end of a worker, or a port. */
export interface Port<In, Out> {
  postMessage(message: Out, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<In>) => void): void;
}
