import { blank, toPng } from "./exporting.js";
import { History } from "./history.js";
import { Drag, Pen, Rubber, Select, Text } from "./markup-tools.js";
import { boxOf, drawShape, movedBy } from "./shapes.js";
import { trace } from "./screen.js";
import { loadImage } from "./words.js";

/** Notes drawn over one picture, kept as shapes until they are exported. */
export class MarkupLayer {
  noun = "markup";
  settings = { size: 8, colour: "#ff2d55" };
  isChanged = false;
  shapes = [];
  draft = null;
  selected = null;
  tools;
  history;
  #picture;
  #changed;
  #shown = null;
  #restyled = null;

  /** `ask` opens a field for words at a point of the picture and gives back what was written. */
  constructor(picture, { changed, ask }) {
    this.#picture = picture;
    this.#changed = changed;
    this.history = new History((before) => this.#swap(before));
    this.tools = {
      select: new Select(this),
      pen: new Pen(this),
      arrow: new Drag(this, "arrow"),
      ellipse: new Drag(this, "ellipse"),
      rectangle: new Drag(this, "rectangle"),
      text: new Text(this, ask),
      rubber: new Rubber(this),
    };
  }

  get words() {
    const count = this.shapes.length;
    if (count === 0) return "Nothing drawn";
    return count === 1 ? "1 mark" : `${count} marks`;
  }

  /** An earlier markup comes back as one flat picture under what is drawn now. */
  async load(url) {
    const image = await loadImage(url);
    const { width, height } = this.#picture;
    this.shapes = [{ kind: "base", image, width: 0, points: [{ x: 0, y: 0 }, { x: width, y: height }] }];
    this.#changed();
  }

  /** A shape of what is chosen now. */
  shape(kind, points) {
    return { kind, points, colour: this.settings.colour, width: this.settings.size };
  }

  /** Replace all shapes as one step of undo. */
  keep(shapes) {
    this.history.push(this.shapes);
    this.shapes = shapes;
    this.draft = null;
    this.isChanged = true;
    if (!shapes.includes(this.selected)) this.selected = null;
    this.#changed();
  }

  show(draft) {
    this.draft = draft;
    this.#changed();
  }

  /** Show only these while the rubber is at work; null shows all again. */
  fade(kept) {
    this.#shown = kept;
    this.#changed();
  }

  choose(shape) {
    this.selected = shape;
    this.#changed();
  }

  undo() {
    this.history.undo();
  }

  redo() {
    this.history.redo();
  }

  /** A new colour or width goes to the selected shape too, which is how one is changed. */
  set(name, value) {
    if (this.settings[name] === value) return;
    this.settings[name] = value;
    if (!this.selected || this.selected.kind === "base") return this.#changed();
    const { colour, width } = this.shape();
    this.#restyle(this.selected, { ...this.selected, colour, width });
  }

  act(name) {
    if (name === "clear" && this.shapes.length) this.keep([]);
    if (name === "delete" && this.selected) this.keep(this.shapes.filter((each) => each !== this.selected));
  }

  move(shape, across, down) {
    this.#replace(shape, movedBy(shape, across, down));
  }

  draw(ctx, { left, top, scale }) {
    ctx.translate(left, top);
    ctx.scale(scale, scale);
    for (const shape of this.#shown ?? this.shapes) drawShape(ctx, shape === this.draft?.instead ? this.draft.shape : shape);
    if (this.draft && !this.draft.instead) drawShape(ctx, this.draft.shape);
  }

  marks(ctx, px) {
    if (!this.selected) return;
    const { x, y, width, height } = boxOf(this.draft?.instead === this.selected ? this.draft.shape : this.selected);
    const gap = 6 * px;
    trace(ctx, px, () => ctx.rect(x - gap, y - gap, width + 2 * gap, height + 2 * gap), { dash: 4 });
  }

  problem() {
    return this.shapes.length ? "" : "Nothing is drawn yet. Point out with an arrow or a circle what should change.";
  }

  /** As large as the picture, see-through but for the strokes. */
  async export() {
    const canvas = blank(this.#picture.width, this.#picture.height);
    const ctx = canvas.getContext("2d");
    for (const shape of this.shapes) drawShape(ctx, shape);
    return toPng(canvas);
  }

  /** All that a slider passes on its way counts as one step. */
  #restyle(shape, fresh) {
    if (shape === this.#restyled) {
      this.shapes = this.shapes.map((each) => (each === shape ? fresh : each));
      this.selected = fresh;
      this.#changed();
    } else this.#replace(shape, fresh);
    this.#restyled = fresh;
  }

  #replace(shape, fresh) {
    this.selected = this.selected === shape ? fresh : this.selected;
    this.keep(this.shapes.map((each) => (each === shape ? fresh : each)));
  }

  #swap(before) {
    const now = this.shapes;
    this.shapes = before;
    this.selected = null;
    this.isChanged = true;
    this.#changed();
    return now;
  }
}
