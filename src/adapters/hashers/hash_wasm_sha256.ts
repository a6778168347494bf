// The one function of hash-wasm that is used, in a module of its own: `import()` of the package itself
// would bring all of its algorithms into the bundle of the page.

export { createSHA256 } from "hash-wasm";
