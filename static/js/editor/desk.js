import { Cursor } from "./cursor.js";
import { MarkupLayer } from "./markup-layer.js";
import { MaskLayer } from "./mask-layer.js";
import { Pointers } from "./pointers.js";
import { Screen, trace } from "./screen.js";
import { View } from "./view.js";

const LAYERS = { mask: MaskLayer, markup: MarkupLayer };
const FIRST_TOOL = { mask: "brush", markup: "arrow" };

/** One picture being worked on: its layer, how it is seen and what the pointer does to it. */
export class Desk {
  isPanning = false;
  layer;
  view;
  cursor;
  #stage;
  #screen;
  #tool;
  #hover = null;
  #isDrawing = false;
  #listening = new AbortController();
  #changed;

  /** `changed` is called when the layer or the view did; `ask` lets the person write at a point. */
  constructor(stage, { role, picture, changed, ask }) {
    const { signal } = this.#listening;
    this.#stage = stage;
    this.#changed = changed;
    this.layer = new LAYERS[role](picture, { changed: () => this.refresh(), ask });
    this.cursor = new Cursor(picture, 5);
    this.view = new View(picture, () => this.refresh());
    this.#screen = new Screen(
      {
        picture: stage.querySelector("[data-picture]"),
        ink: stage.querySelector("[data-ink]"),
        marks: stage.querySelector("[data-marks]"),
      },
      this.view,
      { ink: (ctx, place) => this.layer.draw(ctx, place, this.#tint), marks: (ctx, px) => this.#marks(ctx, px) },
    );
    new Pointers(stage, this.view, { stroke: this.#stroke, hand: () => this.isPanning || this.tool === "hand", signal });
    this.tool = FIRST_TOOL[role];
    this.#watchSize(signal);
  }

  set tool(name) {
    this.#tool = name;
    this.#stage.dataset.using = name;
    this.layer.choose?.(null);
    this.refresh();
  }

  get tool() {
    return this.#tool;
  }

  set isInkHidden(value) {
    this.#screen.isInkHidden = value;
    this.refresh();
  }

  /** Arrow keys: move the keyboard's cell and, while something is being drawn with it, draw on. */
  step(columns, rows) {
    this.cursor.move(columns, rows);
    this.view.reveal(this.cursor.cell);
    if (this.#isDrawing) this.layer.tools[this.tool].move([this.cursor.middle]);
    this.refresh();
    return this.cursor.words;
  }

  /** Enter: a mask toggles the cell; a markup begins a shape at it, and the next Enter ends it. */
  enter() {
    this.cursor.isShown = true;
    if (this.layer.toggle) return `${this.cursor.words}, ${this.layer.toggle(this.cursor.cell)}. ${this.layer.words}.`;
    if (this.tool === "hand") return "Choose a tool first.";
    const tool = this.layer.tools[this.tool];
    const isOneStep = ["text", "select", "rubber"].includes(this.tool);
    if (!this.#isDrawing) tool.start(this.cursor.middle, null, 1 / this.view.scale);
    if (!this.#isDrawing && !isOneStep) {
      this.#isDrawing = true;
      return "Begun. Move with the arrow keys, Enter ends it, Escape gives it up.";
    }
    this.#isDrawing = false;
    tool.end(1 / this.view.scale);
    return isOneStep && this.layer.selected ? "Selected. Delete takes it away." : `${this.layer.words}.`;
  }

  /** Give up what the keyboard has begun; false when it has not. */
  giveUp() {
    if (!this.#isDrawing) return false;
    this.#isDrawing = false;
    this.layer.tools[this.tool].cancel();
    return true;
  }

  refresh() {
    this.#screen?.refresh();
    this.#changed();
  }

  stop() {
    this.#listening.abort();
    this.#screen.stop();
  }

  get #tint() {
    return getComputedStyle(this.#stage).getPropertyValue(`--editor-ink-${this.layer.settings.ink}`);
  }

  get #stroke() {
    const tool = () => this.layer.tools[this.tool];
    return {
      start: (point, event) => {
        this.giveUp();
        this.cursor.isShown = false;
        this.#hover = point;
        tool()?.start(point, event, 1 / this.view.scale);
        this.refresh();
      },
      move: (points, event) => {
        this.#hover = points.at(-1);
        tool()?.move(points, event);
        this.refresh();
      },
      end: () => tool()?.end(1 / this.view.scale),
      cancel: () => tool()?.cancel(),
      hover: (point) => {
        this.#hover = point;
        this.#screen.refresh();
      },
    };
  }

  #marks(ctx, px) {
    const tool = this.layer.tools[this.tool];
    tool?.marks?.(ctx, px);
    this.layer.marks?.(ctx, px);
    if (tool?.showsRing && this.#hover && !this.cursor.isShown) this.#ring(ctx, px);
    if (this.cursor.isShown) {
      const { x, y, width, height } = this.cursor.cell;
      trace(ctx, px, () => ctx.rect(x, y, width, height));
    }
  }

  #ring(ctx, px) {
    const { size, hardness } = this.layer.settings;
    const { x, y } = this.#hover;
    trace(ctx, px, () => ctx.arc(x, y, size / 2, 0, 2 * Math.PI));
    if (hardness < 100) trace(ctx, px, () => ctx.arc(x, y, (size * hardness) / 200, 0, 2 * Math.PI), { dash: 3 });
  }

  #watchSize(signal) {
    const observer = new ResizeObserver(() => {
      const room = { width: this.#stage.clientWidth, height: this.#stage.clientHeight };
      this.view.resize(room);
      this.#screen.resize(room);
    });
    observer.observe(this.#stage);
    signal.addEventListener("abort", () => observer.disconnect());
  }
}
