import { Component, createRef, h, type JSX } from "preact";
import type { Message } from "../../core/batch/message.ts";
import { formatText } from "../../core/batch/message_text.ts";
import type { Micros } from "../../core/time.ts";
import type { DayChat } from "./day_chat.ts";
import { isSameDay } from "../ui/day.ts";
import { selectedAmong } from "../ui/selected_among.ts";
import { images, zone } from "../ui/settings.ts";
import { DrawnRows } from "./drawn_rows.ts";
import type { RowLayout, RowPlace } from "./row_layout.ts";
import { ScrollPosition } from "./scroll_position.ts";
import { words } from "../words/words.ts";

// @tanstack/virtual-core was considered: it makes an object for each of 500,000 rows anew
// whenever one is measured. Rows that come by the minute allow for much less.

/** What a list shows, and its callbacks. */
interface VirtualListProps {
  readonly day: DayChat;
  /** The day's version, so that the list draws anew. */
  readonly version: number;
  /** The message whose details are open. */
  readonly selected: RowPlace | undefined;
  /** The message that the address points at. */
  readonly linked: RowPlace | undefined;
  readonly onSelect: (place: RowPlace, message: Message) => void;
  /** Called for a click on a name, and for the key u. */
  readonly onName: (place: RowPlace, message: Message) => void;
  /** Called with the moment at the top, when scrolling has stopped. */
  readonly onRest: (atUs: Micros) => void;
  /** Called with the list's handle once it exists. */
  readonly onReady: (list: VirtualList) => void;
}

const OVERSCAN_PX = 500;
/** So far ahead of a scrolling reader messages are fetched: a row is then drawn once, with its message. */
const AHEAD_PX = 2_400;
/** Rows that turn out less tall than expected leave a hole only within this distance. */
const HOLE_PX = 150;
const REST_MS = 250;

/** A list of any length, of which only the visible rows are in the document. */
export class VirtualList extends Component<VirtualListProps> {
  readonly #scroller = createRef<HTMLDivElement>();
  readonly #slab = createRef<HTMLDivElement>();
  readonly #space = createRef<HTMLDivElement>();
  readonly #position = new ScrollPosition();
  #resizes: ResizeObserver | undefined;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #first = 0;
  #last = -1;
  /** Stays where it is on screen while rows around it come, go and change. */
  #anchor: { readonly place: RowPlace; readonly belowPx: number } | undefined;
  #active: RowPlace | undefined;
  #isFocusDue = false;
  #hasFocus = false;
  #isAtEnd = true;
  #widthPx = 0;
  readonly #drawn = new DrawnRows();
  readonly #unwatch: (() => void)[] = [];
  #isMeasuringDue = false;
  /** Rows stand in the document whose messages are being fetched. */
  #isWaiting = false;
  #isArrivalDue = false;
  /** How far the last scrolling went, down or up. */
  #stepPx = 0;

  override componentDidMount(): void {
    this.props.onReady(this);
    this.#resizes = new ResizeObserver(() => {
      const widthPx = this.#scroller.current?.clientWidth ?? 0;
      this.#followBar();
      if (widthPx !== this.#widthPx) {
        this.#layout.remeasure();
        this.#drawn.remeasure();
      }
      this.#widthPx = widthPx;
      this.#draw();
    });
    this.#resizes.observe(this.#scroller.current!);
    // Rows draw their pictures by themselves, and are as tall as these from then on.
    this.#unwatch.push(images.subscribe(this.#onPictures));
    this.#unwatch.push(this.props.day.messages.watch(this.#onArrival));
    this.#settle();
  }

  override componentWillUnmount(): void {
    this.#resizes?.disconnect();
    for (const unwatch of this.#unwatch) unwatch();
    clearTimeout(this.#restTimer);
  }

  override componentDidUpdate(): void {
    this.#settle();
  }

  /** Whether the last row can be seen. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Shows `place` near the top, or in the middle, and makes it the active row. */
  showRow(
    place: RowPlace,
    { focus = false, isCentred = false }: {
      readonly focus?: boolean;
      readonly isCentred?: boolean;
    } = {},
  ): void {
    this.#active = place;
    this.#isFocusDue = focus;
    const abovePx = isCentred ? this.#viewPx / 2 : Math.min(120, this.#viewPx / 4);
    this.#anchor = { place, belowPx: -abovePx };
    this.#draw();
  }

  /** Shows the end. */
  showEnd(): void {
    const last = this.#layout.at(this.#layout.count - 1);
    if (last === undefined) return;
    this.#anchor = { place: last, belowPx: this.#viewPx };
    this.#draw();
  }

  get #layout(): RowLayout {
    return this.props.day.layout;
  }

  get #viewPx(): number {
    return this.#scroller.current?.clientHeight ?? 600;
  }

  /** Finds the visible rows, and draws them. */
  #draw(): void {
    this.#applyAnchor();
    this.forceUpdate();
  }

  #applyAnchor(): void {
    const { current: scroller } = this.#scroller;
    if (scroller === null) return;
    this.#position.resize(this.#layout.heightPx, scroller.clientHeight);
    this.#space.current!.style.height = `${this.#position.spacePx}px`;
    if (this.#anchor !== undefined) {
      const topPx = this.#layout.topOf(this.#anchor.place) + this.#anchor.belowPx;
      scroller.scrollTop = this.#position.moveTo(topPx);
      this.#position.stands(scroller.scrollTop);
    } else {
      this.#setAnchor();
    }
  }

  #setAnchor(): void {
    const place = this.#layout.rowAt(this.#position.topPx);
    this.#anchor = place === undefined
      ? undefined
      : { place, belowPx: this.#position.topPx - this.#layout.topOf(place) };
  }

  /** Follows the bar. It may have moved long before the browser reports it. */
  #followBar(): boolean {
    const { current: scroller } = this.#scroller;
    if (scroller === null || !this.#position.scrolledTo(scroller.scrollTop)) return false;
    this.#setAnchor();
    return true;
  }

  readonly #onScroll = (): void => {
    const beforePx = this.#position.topPx;
    this.#followBar();
    this.#stepPx = this.#position.topPx - beforePx;
    this.forceUpdate();
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.#rest(), REST_MS);
  };

  #rest(): void {
    this.#followBar();
    this.#applyAnchor();
    const place = this.#layout.rowAt(this.#position.topPx);
    if (place === undefined) return;
    const row = this.#rowInMinute(place);
    const message = this.props.day.messages.get(place.minuteUs, row);
    if (message !== undefined) this.props.onRest(Math.round(message.time * 1e6));
  }

  #rowInMinute(place: RowPlace): number {
    return this.#layout.rowInMinute(place);
  }

  /** After drawing: measures, keeps the anchor in place, and draws again if that left a hole. */
  #settle(): void {
    const { current: slab } = this.#slab;
    if (slab === null) return;
    this.#followBar();
    let isNews = false;
    for (const element of slab.children) {
      const place = this.#layout.at(Number(element.getAttribute("data-index")));
      if (place === undefined || element.getAttribute("aria-busy") === "true") continue;
      // Asking for a height makes the browser lay out the page: skip rows that cannot have changed.
      const drawn = { minuteUs: place.minuteUs, row: this.#rowInMinute(place) };
      if (this.#drawn.measure(drawn)) continue;
      isNews = this.#layout.measure(place, element.getBoundingClientRect().height) || isNews;
    }
    if (isNews) this.#applyAnchor();
    this.#placeSlab();
    const { first, last } = this.#visible(HOLE_PX);
    if (first < this.#first || last > this.#last) this.forceUpdate();
    this.#fetch();
    this.#focusActive();
    this.#tellApproach();
  }

  #placeSlab(): void {
    const first = this.#layout.at(this.#first);
    if (first === undefined || this.#slab.current === null) return;
    const topPx = this.#position.scrollPx + this.#layout.topOf(first) - this.#position.topPx;
    this.#slab.current.style.transform = `translateY(${topPx}px)`;
  }

  /** The rows on screen, and those at most `aroundPx` from it. */
  #visible(aroundPx = OVERSCAN_PX): { first: number; last: number } {
    const from = this.#layout.rowAt(this.#position.topPx - aroundPx);
    const to = this.#layout.rowAt(this.#position.topPx + this.#viewPx + aroundPx);
    if (from === undefined || to === undefined) return { first: 0, last: -1 };
    return { first: this.#layout.indexOf(from), last: this.#layout.indexOf(to) };
  }

  #fetch(): void {
    this.#want(this.#first, this.#last);
    const isStep = this.#stepPx !== 0 && Math.abs(this.#stepPx) < 2 * this.#viewPx;
    if (!isStep) return; // Who leaps does not see what lies between.
    const { first, last } = this.#visible(AHEAD_PX);
    if (this.#stepPx > 0) this.#want(this.#last + 1, last);
    else this.#want(first, this.#first - 1);
  }

  /** Fetches the messages at the rows from `first` to `last` that are not here. */
  #want(first: number, last: number): void {
    const places: RowPlace[] = [];
    for (let i = first; i <= last; i++) {
      const place = this.#layout.at(i);
      if (place !== undefined) places.push(place);
    }
    for (const [minuteUs, rows] of this.#layout.rowsByMinute(places)) {
      void this.props.day.messages.want(minuteUs, rows);
    }
  }

  #tellApproach(): void {
    const { topPx } = this.#position;
    const endPx = this.#layout.heightPx - topPx - this.#viewPx;
    this.#isAtEnd = endPx < 40;
    if (endPx < 2 * this.#viewPx) this.props.day.approach("end");
    else if (topPx < 2 * this.#viewPx) this.props.day.approach("start");
  }

  #focusActive(): void {
    // A row that has the focus and scrolls away must not take the keyboard with it.
    const isLost = this.#hasFocus && document.activeElement === document.body;
    if (isLost) this.#scroller.current?.focus({ preventScroll: true });
    if (!this.#isFocusDue || this.#active === undefined) return;
    const index = this.#layout.indexOf(this.#active);
    const row = this.#slab.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
    if (row === null || row === undefined) return;
    this.#isFocusDue = false;
    row.focus({ preventScroll: true });
  }

  /** Draws once before the next frame, if a row that is shown waits and scrolling has not drawn it by then. */
  readonly #onArrival = (): void => {
    if (!this.#isWaiting || this.#isArrivalDue) return;
    this.#isArrivalDue = true;
    requestAnimationFrame(() => {
      if (this.#isArrivalDue && this.#slab.current !== null) this.forceUpdate();
    });
  };

  /** Measures anew once for all pictures that come before the next frame. */
  readonly #onPictures = (): void => {
    if (this.#isMeasuringDue) return;
    this.#isMeasuringDue = true;
    requestAnimationFrame(() => {
      this.#isMeasuringDue = false;
      if (this.#slab.current === null) return; // The list is gone.
      this.#drawn.remeasure();
      this.#draw();
    });
  };

  readonly #onClick = (event: MouseEvent): void => {
    if (getSelection()?.isCollapsed === false) return; // The click ended a selection of text.
    if ((event.target as Element).closest("a") !== null) return;
    const row = (event.target as Element).closest("[data-index]");
    const place = this.#layout.at(Number(row?.getAttribute("data-index") ?? -1));
    if (place === undefined) return;
    if ((event.target as Element).closest(".name") !== null) this.#tell(place, this.props.onName);
    else this.#tell(place, this.props.onSelect);
  };

  /** Selected rows are copied as lines of text, with day and time. */
  readonly #onCopy = (event: ClipboardEvent): void => {
    if (event.clipboardData === null) return;
    const rows = selectedAmong(this.#slab.current?.children ?? []);
    if (rows.length < 2) return; // A part of one row is copied as it is.
    const lines = rows.flatMap((row) => {
      const place = this.#layout.at(Number(row.getAttribute("data-index")));
      const message = place &&
        this.props.day.messages.get(place.minuteUs, this.#rowInMinute(place));
      return message === undefined ? [] : [formatText(message)];
    });
    event.clipboardData.setData("text/plain", `${lines.join("\n")}\n`);
    event.preventDefault();
  };

  readonly #onFocusOut = (event: FocusEvent): void => {
    // Without a next element the row was taken away, or the window was left.
    const { relatedTarget: next } = event;
    if (next instanceof Node && !this.#scroller.current?.contains(next)) this.#hasFocus = false;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const index = this.#active === undefined ? this.#first : this.#layout.indexOf(this.#active);
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: this.#layout.count - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#activate(this.#layout.at(Math.min(Math.max(0, to), this.#layout.count - 1)));
    } else if (event.key === "Enter" && this.#active !== undefined) {
      this.#tell(this.#active, this.props.onSelect);
    } else if (event.key === "u" && this.#active !== undefined) {
      this.#tell(this.#active, this.props.onName);
    }
  };

  #activate(place: RowPlace | undefined): void {
    if (place === undefined) return;
    this.#active = place;
    this.#isFocusDue = true;
    const topPx = this.#layout.topOf(place);
    const margin = 60;
    if (topPx < this.#position.topPx + margin) this.#anchor = { place, belowPx: -margin };
    else if (topPx + 2 * margin > this.#position.topPx + this.#viewPx) {
      this.#anchor = { place, belowPx: 2 * margin - this.#viewPx };
    }
    this.#draw();
  }

  #tell(place: RowPlace, on: (place: RowPlace, message: Message) => void): void {
    const message = this.props.day.messages.get(place.minuteUs, this.#rowInMinute(place));
    if (message === undefined) return;
    this.#active = place;
    on(place, message);
  }

  override render(): JSX.Element {
    const { day, selected, linked } = this.props;
    this.#position.resize(this.#layout.heightPx, this.#viewPx);
    const { first, last } = this.#visible();
    [this.#first, this.#last] = [first, last];
    const total = this.#layout.count;
    const isTabbable = this.#active === undefined ? -1 : this.#layout.indexOf(this.#active);
    const stop = isTabbable >= first && isTabbable <= last ? isTabbable : first;
    const rows: JSX.Element[] = [];
    this.#isWaiting = this.#isArrivalDue = false;
    // The bar above tells the day of what the list opened at.
    let beforeUs = this.#layout.at(first - 1)?.minuteUs ?? day.request.focusUs;
    for (let i = first; i <= last; i++) {
      const place = this.#layout.at(i)!;
      const row = this.#rowInMinute(place);
      const message = day.messages.get(place.minuteUs, row);
      if (message === undefined) this.#isWaiting = true;
      rows.push(this.#drawn.draw({ minuteUs: place.minuteUs, row }, {
        index: i,
        total,
        message,
        mark: message === undefined ? undefined : day.marks.of(message),
        receiverCount: day.receiverCount(place.minuteUs),
        isTabStop: i === stop,
        isSelected: isSame(selected, place),
        isLinked: isSame(linked, place),
        startsDay: !isSameDay(place.minuteUs, beforeUs, zone.value),
      }));
      beforeUs = place.minuteUs;
    }
    this.#drawn.end();
    return h(
      "div",
      {
        class: "chat-scroll",
        ref: this.#scroller,
        onScroll: this.#onScroll,
        onLoadCapture: this.#onPictures,
        onErrorCapture: this.#onPictures,
        onClick: this.#onClick,
        onKeyDown: this.#onKey,
        onFocusIn: () => void (this.#hasFocus = true),
        onFocusOut: this.#onFocusOut,
        onCopy: this.#onCopy,
        tabIndex: -1,
        role: "feed",
        "aria-label": words.value.filter.kinds.messages,
        "aria-busy": day.status.value.kind === "reading" ? "true" : "false",
      },
      h(
        "div",
        { class: "chat-space", ref: this.#space, role: "presentation" },
        h("div", { class: "chat-slab", ref: this.#slab, role: "presentation" }, rows),
      ),
    );
  }
}

function isSame(one: RowPlace | undefined, other: RowPlace): boolean {
  return one?.minuteUs === other.minuteUs && one.row === other.row;
}
