export { type ReadMinute, readMinutes, type ReadMinutesOptions } from "./read/read_minutes.ts";
