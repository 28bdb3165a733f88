const PALM_MS = 3000;
const STILL_STARTING_MS = 350;
const MIDDLE = 1;

/**
 * Turns pointers on the stage into strokes, pans and pinches. One finger, a pen or the main button
 * strokes; two fingers or the middle button move the view. `hand` answers whether a stroke should
 * pan instead; `stroke` has start, move, end, cancel and hover.
 */
export class Pointers {
  #stage;
  #view;
  #stroke;
  #hand;
  #active = new Map();
  #stroking = null;
  #panning = null;
  #startedAt = 0;
  #penAt = -Infinity;

  constructor(stage, view, { stroke, hand, signal }) {
    this.#stage = stage;
    this.#view = view;
    this.#stroke = stroke;
    this.#hand = hand;
    stage.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    stage.addEventListener("pointermove", (event) => this.#move(event), { signal });
    stage.addEventListener("pointerup", (event) => this.#up(event), { signal });
    stage.addEventListener("pointercancel", (event) => this.#lost(event), { signal });
    stage.addEventListener("pointerleave", () => this.#stroke.hover(null), { signal });
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false, signal });
  }

  at(event) {
    const box = this.#stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #down(event) {
    if (event.target.closest("button, input") || this.#isPalm(event)) return;
    if (event.pointerType === "mouse" && event.button > MIDDLE) return;
    // Keeps the middle button from scrolling and a drag from selecting words.
    event.preventDefault();
    this.#stage.dataset.pointed = "";
    this.#stage.focus({ preventScroll: true });
    this.#stage.setPointerCapture(event.pointerId);
    this.#active.set(event.pointerId, this.at(event));
    if (this.#active.size === 2) return this.#pinch();
    if (this.#active.size > 2 || this.#stroking !== null) return;
    if (event.button === MIDDLE || this.#hand()) this.#panning = event.pointerId;
    else this.#start(event);
  }

  #start(event) {
    this.#stroking = event.pointerId;
    this.#startedAt = performance.now();
    this.#stroke.start(this.#view.toPicture(this.at(event)), event);
  }

  /** A second finger means that the first did not mean to paint, unless it has been at it a while. */
  #pinch() {
    if (this.#stroking === null) return;
    if (performance.now() - this.#startedAt > STILL_STARTING_MS) return;
    this.#stroking = null;
    this.#stroke.cancel();
  }

  #move(event) {
    if (this.#isPalm(event)) return;
    const before = this.#active.get(event.pointerId);
    if (event.pointerType !== "touch") this.#stroke.hover(this.#view.toPicture(this.at(event)));
    if (!before) return;
    if (event.pointerId === this.#stroking) return this.#draw(event);
    const now = this.at(event);
    if (this.#stroking === null) this.#shift(event.pointerId, before, now);
    this.#active.set(event.pointerId, now);
  }

  #draw(event) {
    // The browser bundles what a fast hand does between two frames; all of it belongs to the line.
    const bundled = event.getCoalescedEvents?.() ?? [];
    const events = bundled.length ? bundled : [event];
    this.#stroke.move(events.map((each) => this.#view.toPicture(this.at(each))), event);
  }

  #shift(id, before, now) {
    const other = [...this.#active].find(([each]) => each !== id)?.[1];
    if (!other && id !== this.#panning) return;
    if (other) {
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      this.#view.zoomBy(distance(now, other) / Math.max(1, distance(before, other)), middle);
    }
    const share = other ? 0.5 : 1;
    this.#view.panBy((now.x - before.x) * share, (now.y - before.y) * share);
  }

  #up(event) {
    this.#active.delete(event.pointerId);
    if (event.pointerId === this.#panning) this.#panning = null;
    if (event.pointerId !== this.#stroking) return;
    this.#stroking = null;
    this.#stroke.end();
  }

  #lost(event) {
    this.#active.delete(event.pointerId);
    if (event.pointerId === this.#panning) this.#panning = null;
    if (event.pointerId !== this.#stroking) return;
    this.#stroking = null;
    this.#stroke.cancel();
  }

  /** Fingers count for nothing while a pen is in use: what touches then is the hand that holds it. */
  #isPalm(event) {
    if (event.pointerType === "pen") this.#penAt = performance.now();
    const isKnown = this.#active.has(event.pointerId);
    return event.pointerType === "touch" && !isKnown && performance.now() - this.#penAt < PALM_MS;
  }

  #wheel(event) {
    event.preventDefault();
    const step_px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey) return this.#view.panBy(-(event.deltaX || event.deltaY) * step_px, 0);
    // Trackpads report a pinch as small wheel steps with Ctrl held.
    const strength = event.ctrlKey ? 0.01 : 0.002;
    this.#view.zoomBy(Math.exp(-event.deltaY * step_px * strength), this.at(event));
  }
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
