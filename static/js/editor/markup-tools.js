import { movedBy, touches } from "./shapes.js";

const SHORTEST_PX = 4;

/** Freehand. */
export class Pen {
  #layer;
  #points = [];

  constructor(layer) {
    this.#layer = layer;
  }

  start(point) {
    this.#points = [point];
    this.#show();
  }

  move(points) {
    this.#points.push(...points);
    this.#show();
  }

  end() {
    this.#layer.keep([...this.#layer.shapes, this.#layer.shape("pen", this.#points)]);
  }

  cancel() {
    this.#layer.show(null);
  }

  #show() {
    this.#layer.show({ shape: this.#layer.shape("pen", this.#points) });
  }
}

/** Arrow, ellipse and rectangle: from where it begins to where it ends. Shift keeps it even. */
export class Drag {
  #layer;
  #kind;
  #from = null;
  #to = null;

  constructor(layer, kind) {
    this.#layer = layer;
    this.#kind = kind;
  }

  start(point) {
    this.#from = this.#to = point;
  }

  move(points, event) {
    this.#to = event?.shiftKey ? this.#even(points.at(-1)) : points.at(-1);
    this.#layer.show({ shape: this.#layer.shape(this.#kind, [this.#from, this.#to]) });
  }

  end(px = 1) {
    const length = Math.hypot(this.#to.x - this.#from.x, this.#to.y - this.#from.y);
    // A tap is a slip, not a shape of no size.
    if (length < SHORTEST_PX * px) return this.cancel();
    this.#layer.keep([...this.#layer.shapes, this.#layer.shape(this.#kind, [this.#from, this.#to])]);
  }

  cancel() {
    this.#layer.show(null);
  }

  /** A circle or square; for an arrow one of eight directions. */
  #even({ x, y }) {
    const [across, down] = [x - this.#from.x, y - this.#from.y];
    if (this.#kind === "arrow") {
      const turn = Math.round(Math.atan2(down, across) / (Math.PI / 4)) * (Math.PI / 4);
      const length = Math.hypot(across, down);
      return { x: this.#from.x + length * Math.cos(turn), y: this.#from.y + length * Math.sin(turn) };
    }
    const side = Math.max(Math.abs(across), Math.abs(down));
    return { x: this.#from.x + side * Math.sign(across || 1), y: this.#from.y + side * Math.sign(down || 1) };
  }
}

/** A field opens where the words shall stand. */
export class Text {
  #layer;
  #ask;
  #point = null;

  constructor(layer, ask) {
    this.#layer = layer;
    this.#ask = ask;
  }

  start(point) {
    this.#point = point;
  }

  move(points) {
    this.#point = points.at(-1);
  }

  async end() {
    const point = this.#point;
    const text = (await this.#ask(point)).trim();
    if (text) this.#layer.keep([...this.#layer.shapes, { ...this.#layer.shape("text", [point]), text }]);
  }

  cancel() {}
}

/** Choose, drag, delete. */
export class Select {
  slack_px = 10;
  #layer;
  #from = null;
  #moved = null;

  constructor(layer) {
    this.#layer = layer;
  }

  start(point, event, px = 1) {
    const hit = topmost(this.#layer.shapes, point, this.slack_px * px);
    this.#from = hit ? point : null;
    this.#moved = null;
    this.#layer.choose(hit);
  }

  move(points) {
    if (!this.#from) return;
    const to = points.at(-1);
    this.#moved = { across: to.x - this.#from.x, down: to.y - this.#from.y };
    const instead = this.#layer.selected;
    this.#layer.show({ instead, shape: movedBy(instead, this.#moved.across, this.#moved.down) });
  }

  end(px = 1) {
    const { across, down } = this.#moved ?? { across: 0, down: 0 };
    if (Math.hypot(across, down) < SHORTEST_PX * px) return this.cancel();
    this.#layer.move(this.#layer.selected, across, down);
  }

  cancel() {
    this.#layer.show(null);
  }
}

/** Takes away whole marks, all that it touches on its way as one step. */
export class Rubber {
  slack_px = 8;
  #layer;
  #kept = [];
  #px = 1;

  constructor(layer) {
    this.#layer = layer;
  }

  start(point, event, px = 1) {
    this.#px = px;
    this.#kept = this.#layer.shapes;
    this.move([point]);
  }

  move(points) {
    for (const point of points) {
      const hit = topmost(this.#kept, point, this.slack_px * this.#px);
      if (hit) this.#kept = this.#kept.filter((each) => each !== hit);
    }
    this.#layer.fade(this.#kept);
  }

  end() {
    const kept = this.#kept;
    this.#layer.fade(null);
    if (kept.length < this.#layer.shapes.length) this.#layer.keep(kept);
  }

  cancel() {
    this.#layer.fade(null);
  }
}

function topmost(shapes, point, slack) {
  return [...shapes].reverse().find((shape) => touches(shape, point, slack)) ?? null;
}
