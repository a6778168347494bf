import { toDigestText } from "../../core/archive/digest_text.ts";
import { contentKey, contentOfFields } from "../../core/batch/content.ts";
import type { Message } from "../../core/batch/message.ts";
import { Lru } from "../../core/lru.ts";
import { type LineMark, lineMark, nameMark } from "../../core/manifest/line_mark.ts";
import { reachNames } from "../../core/redaction/redaction_reach.ts";
import type { Digest } from "./merkle_root.ts";

const NAMES_KEPT_MAX = 65_536;
const UTF8 = new TextEncoder();

/** Makes marks. The salt, 32 bytes of chance that stand in the manifest, makes those of two manifests differ. */
export class LineMarks {
  readonly #salt: Uint8Array;
  readonly #digest: Digest;
  readonly #names = new Lru<string, string>({ countMax: NAMES_KEPT_MAX });

  /** Marks with one salt. */
  constructor(salt: Uint8Array, digest: Digest) {
    this.#salt = salt;
    this.#digest = digest;
  }

  /** The mark of a message. */
  async ofMessage(message: Message): Promise<LineMark> {
    const content = await this.#text(`content\n${contentKey(contentOfFields(message))}`);
    const names: string[] = [];
    for (const name of reachNames(message)) names.push(await this.ofName(name));
    return lineMark(content, names);
  }

  /** The mark of what an order reaches messages by (`orderNames`). */
  async ofName(name: string): Promise<string> {
    let mark = this.#names.get(name);
    if (mark === undefined) {
      mark = nameMark(await this.#text(`name\n${name}`));
      this.#names.set(name, mark);
    }
    return mark;
  }

  async #text(text: string): Promise<string> {
    const bytes = UTF8.encode(text);
    const salted = new Uint8Array(this.#salt.length + bytes.length);
    salted.set(this.#salt);
    salted.set(bytes, this.#salt.length);
    return toDigestText(await this.#digest(salted));
  }
}
