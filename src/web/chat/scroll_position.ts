// Browsers lay out boxes up to some 17 to 33 million pixels. A busy day is taller.
const SPACE_MAX_PX = 8_000_000;

/**
 * Where in a list of any height a scroll bar of limited height stands. Steps of less than a screen
 * or two move the list as far as the bar was moved; a bar that is dragged moves it in proportion.
 */
export class ScrollPosition {
  #heightPx = 0;
  #viewPx = 0;
  #topPx = 0;
  #scrollPx = 0;

  /** How far down in the list the top of the screen is. */
  get topPx(): number {
    return this.#topPx;
  }

  /** Where the bar stands. */
  get scrollPx(): number {
    return this.#scrollPx;
  }

  /** How tall a box the bar scrolls through. */
  get spacePx(): number {
    return Math.min(this.#heightPx, SPACE_MAX_PX);
  }

  /** Learns how tall list and screen are. */
  resize(heightPx: number, viewPx: number): void {
    this.#heightPx = heightPx;
    this.#viewPx = viewPx;
  }

  /** Moves to `topPx`; returns where the bar belongs then, in whole pixels. */
  moveTo(topPx: number): number {
    this.#topPx = Math.min(Math.max(0, topPx), this.#roomPx);
    this.#scrollPx = Math.round(this.#topPx / this.#ratio);
    return this.#scrollPx;
  }

  /** Learns where the bar really went after {@link moveTo}: browsers clamp and round. */
  stands(scrollPx: number): void {
    this.#scrollPx = scrollPx;
  }

  /** Follows the bar. Returns whether it moved, other than by {@link moveTo}. */
  scrolledTo(scrollPx: number): boolean {
    const deltaPx = scrollPx - this.#scrollPx;
    if (Math.abs(deltaPx) < 1) return false;
    const isStep = Math.abs(deltaPx) < 2 * this.#viewPx;
    const isEnd = scrollPx <= 0 || scrollPx >= this.#scrollRoomPx - 1;
    this.#scrollPx = scrollPx;
    const topPx = isStep && !isEnd ? this.#topPx + deltaPx : scrollPx * this.#ratio;
    this.#topPx = Math.min(Math.max(0, topPx), this.#roomPx);
    return true;
  }

  get #roomPx(): number {
    return Math.max(0, this.#heightPx - this.#viewPx);
  }

  get #scrollRoomPx(): number {
    return Math.max(0, this.spacePx - this.#viewPx);
  }

  get #ratio(): number {
    return this.#scrollRoomPx === 0 ? 1 : Math.max(1, this.#roomPx / this.#scrollRoomPx);
  }
}
