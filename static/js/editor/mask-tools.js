import { trace } from "./screen.js";

const STAMPS_PER_RADIUS = 6;

/** A round brush: a plain line when it is hard, a row of soft stamps when it is not. */
export class Brush {
  showsRing = true;
  #layer;
  #erases;
  #last = null;
  #stamp = null;
  #rest = 0;

  constructor(layer, { erases }) {
    this.#layer = layer;
    this.#erases = erases;
  }

  start(point) {
    const { size, hardness } = this.#layer.settings;
    this.#stamp = hardness < 100 ? stampOf(size, hardness) : null;
    this.#last = point;
    this.#rest = 0;
    this.#line(point);
  }

  move(points) {
    for (const point of points) this.#line(point);
  }

  end() {
    this.#layer.commit();
  }

  cancel() {
    this.#layer.revert();
  }

  #line(point) {
    const { size } = this.#layer.settings;
    const from = this.#last;
    const draw = this.#stamp ? this.#stamps(from, point) : (ctx) => stroke(ctx, from, point, size);
    this.#layer.paint(around([from, point], size), draw, { adds: !this.#erases });
    this.#last = point;
  }

  /** Where stamps fall is settled before the tiles draw them, so that each tile draws the same ones. */
  #stamps(from, to) {
    const { size } = this.#layer.settings;
    const gap = Math.max(0.5, size / 2 / STAMPS_PER_RADIUS);
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const places = [];
    for (; this.#rest <= length; this.#rest += gap) {
      const share = length ? this.#rest / length : 0;
      places.push({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
    }
    this.#rest -= length;
    return (ctx) => {
      for (const { x, y } of places) ctx.drawImage(this.#stamp, x - size / 2, y - size / 2, size, size);
    };
  }
}

/** What is drawn first and filled when the pointer lets go. */
class Area {
  points = [];
  layer;

  constructor(layer) {
    this.layer = layer;
  }

  start(point) {
    this.points = [point];
  }

  move(points) {
    this.points.push(...points);
  }

  end() {
    const points = this.points;
    this.points = [];
    if (points.length < 2) return;
    this.layer.paint(around(points, 0), (ctx) => {
      ctx.beginPath();
      this.path(ctx, points);
      ctx.fill();
    });
    this.layer.commit();
  }

  cancel() {
    this.points = [];
  }

  marks(ctx, px) {
    if (this.points.length > 1) trace(ctx, px, () => this.path(ctx, this.points), { dash: 5 });
  }
}

export class Rectangle extends Area {
  path(ctx, points) {
    const [from, to] = [points[0], points.at(-1)];
    ctx.rect(from.x, from.y, to.x - from.x, to.y - from.y);
  }
}

export class Lasso extends Area {
  path(ctx, points) {
    for (const { x, y } of points) ctx.lineTo(x, y);
    ctx.closePath();
  }
}

/** Fills what an outline encloses; without an outline that is the whole picture. */
export class Fill {
  #layer;
  #point = null;

  constructor(layer) {
    this.#layer = layer;
  }

  start(point) {
    this.#point = point;
  }

  move() {}

  end() {
    this.#layer.floodAt(this.#point);
  }

  cancel() {}
}

function stroke(ctx, from, to, size) {
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  ctx.lineWidth = size;
  ctx.beginPath();
  ctx.moveTo(from.x, from.y);
  ctx.lineTo(to.x, to.y);
  ctx.stroke();
  // A line of no length draws nothing, but a tap is a dot.
  ctx.beginPath();
  ctx.arc(to.x, to.y, size / 2, 0, 2 * Math.PI);
  ctx.fill();
}

function stampOf(size, hardness) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.max(2, Math.ceil(size));
  const ctx = canvas.getContext("2d");
  const radius = canvas.width / 2;
  const fade = ctx.createRadialGradient(radius, radius, (radius * hardness) / 100, radius, radius, radius);
  fade.addColorStop(0, "rgb(0 0 0 / 1)");
  fade.addColorStop(0.5, "rgb(0 0 0 / 0.3)");
  fade.addColorStop(1, "rgb(0 0 0 / 0)");
  ctx.fillStyle = fade;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

function around(points, size) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const [left, top] = [Math.min(...xs) - size / 2, Math.min(...ys) - size / 2];
  return { x: left, y: top, width: Math.max(...xs) + size / 2 - left, height: Math.max(...ys) + size / 2 - top };
}
