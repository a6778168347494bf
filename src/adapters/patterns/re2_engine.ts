// re2js, because it is the port of RE2 to JavaScript that is kept up (a release two weeks before it was taken in,
// 2026-11), has no dependencies and no native code, and matches in linear time: a pattern of a stranger cannot
// hold a core.
export { RE2JS } from "re2js";
