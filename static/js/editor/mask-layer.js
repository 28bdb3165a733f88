import { feathered, hasSolid } from "./feather.js";
import { flood, pieceOf } from "./flood.js";
import { History } from "./history.js";
import { blank, toPng } from "./exporting.js";
import { Brush, Fill, Lasso, Rectangle } from "./mask-tools.js";
import { Surface, weightOf } from "./surface.js";
import { inPercent, loadImage } from "./words.js";

const SEEN_PIXELS = 1_000_000;
const EXPORTED_PIXELS = 16_000_000;
const OPERATIONS = { all: "source-over", clear: "destination-out", invert: "xor" };
const API_BYTES = 4 * 1024 * 1024;

/** A mask over one picture: what is selected is what the model should change. */
export class MaskLayer {
  noun = "mask";
  settings = { size: 64, hardness: 100, feather: 0, adds: true, ink: "red" };
  isChanged = false;
  tools;
  #surface;
  #picture;
  #changed;
  #soft = null;
  #history;

  constructor(picture, { changed }) {
    this.#picture = picture;
    this.#changed = changed;
    this.#surface = new Surface(picture);
    this.#history = new History((patch) => this.#surface.swap(patch), weightOf);
    this.tools = {
      brush: new Brush(this, { erases: false }),
      eraser: new Brush(this, { erases: true }),
      rectangle: new Rectangle(this),
      lasso: new Lasso(this),
      fill: new Fill(this),
    };
  }

  get history() {
    return this.#history;
  }

  get words() {
    const share = this.#surface.share;
    return share ? `${inPercent(share)} selected` : "Nothing selected";
  }

  async load(url) {
    const image = await loadImage(url);
    this.#surface.paint(this.#all, (ctx) => {
      const { width, height } = this.#picture;
      ctx.fillRect(0, 0, width, height);
      ctx.globalCompositeOperation = "destination-out";
      ctx.drawImage(image, 0, 0, width, height);
    });
    this.#surface.commit();
  }

  /** Paint selected or unselected pixels; `draw` fills what is meant, whatever the colour. */
  paint(box, draw, { adds = this.settings.adds } = {}) {
    this.#surface.paint(box, (ctx, tile) => {
      ctx.globalCompositeOperation = adds ? "source-over" : "destination-out";
      draw(ctx, tile);
    });
    this.#soft = null;
  }

  /** End what was begun by `paint`: one step of undo. True when it changed anything. */
  commit() {
    const patch = this.#surface.commit();
    if (patch) {
      this.#history.push(patch);
      this.isChanged = true;
    }
    this.#changed();
    return patch !== null;
  }

  revert() {
    this.#surface.revert();
    this.#changed();
  }

  undo() {
    this.#step(() => this.#history.undo());
  }

  redo() {
    this.#step(() => this.#history.redo());
  }

  set(name, value) {
    if (name === "feather") this.#soft = null;
    if (name === "feather" && value !== this.settings.feather) this.isChanged = true;
    this.settings[name] = value;
    this.#changed();
  }

  act(name) {
    const { width, height } = this.#picture;
    const operation = OPERATIONS[name];
    if (!operation) return;
    this.#surface.paint(this.#all, (ctx) => {
      ctx.globalCompositeOperation = operation;
      ctx.fillRect(0, 0, width, height);
    });
    this.#soft = null;
    this.commit();
  }

  /** Fill the region around a point as far as it is not painted; false when it is painted. */
  floodAt(point) {
    const { width, height } = this.#surface;
    const region = flood(this.#surface.alpha(), width, height, this.#surface.cellOf(point));
    if (!region) return false;
    const isMet = (ctx, tile) => {
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.drawImage(pieceOf(region, width, tile), 0, 0);
    };
    this.paint(this.#all, isMet, { adds: true });
    return this.commit();
  }

  rectangle(box, adds) {
    this.paint(box, (ctx) => ctx.fillRect(box.x, box.y, box.width, box.height), { adds });
    return this.commit();
  }

  /** What Enter does on the keyboard's cell. */
  toggle(cell) {
    const isSelected = this.#surface.alphaAt({ x: cell.x + cell.width / 2, y: cell.y + cell.height / 2 }) > 127;
    this.rectangle(cell, !isSelected);
    return isSelected ? "not selected" : "selected";
  }

  draw(ctx, { left, top, scale }, tint) {
    const { width, height } = this.#picture;
    const toX = (x) => Math.round(left + x * scale);
    const toY = (y) => Math.round(top + y * scale);
    if (this.settings.feather && !this.#surface.isBusy) {
      this.#soft ??= feathered(this.#surface, this.settings.feather, SEEN_PIXELS);
      ctx.drawImage(this.#soft, toX(0), toY(0), toX(width) - toX(0), toY(height) - toY(0));
    } else this.#surface.draw(ctx, toX, toY);
    ctx.globalCompositeOperation = "source-in";
    ctx.fillStyle = tint;
    ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
  }

  /** Why this can't be sent, or nothing. */
  problem() {
    const { share, hasSolid: isSolid } = this.#surface;
    if (share === 0) return "Nothing is selected yet. Paint over what the model should change.";
    if (share === 1) return "Everything is selected, so nothing would be kept. Unselect some of it, or edit without a mask.";
    if (!isSolid) return "The selection is soft all through. Paint a part of it with a harder brush.";
    return "";
  }

  /** The PNG that the Images API wants: as large as the picture, see-through where it may edit. */
  async export() {
    const { width, height } = this.#picture;
    const canvas = blank(width, height);
    const ctx = canvas.getContext("2d");
    ctx.fillRect(0, 0, width, height);
    ctx.globalCompositeOperation = "destination-out";
    ctx.imageSmoothingQuality = "high";
    if (this.settings.feather) ctx.drawImage(this.#softened(), 0, 0, width, height);
    else this.#surface.draw(ctx, Math.round, Math.round);
    const blob = await toPng(canvas);
    if (blob.size < API_BYTES) return blob;
    throw new RangeError("The mask is larger than the 4 MB that the Images API takes. Use harder brushes or less feather.");
  }

  get #all() {
    return { x: 0, y: 0, width: this.#picture.width, height: this.#picture.height };
  }

  #softened() {
    const soft = feathered(this.#surface, this.settings.feather, EXPORTED_PIXELS);
    if (hasSolid(soft)) return soft;
    throw new RangeError("The feather is wider than all that is selected. Make it smaller.");
  }

  #step(take) {
    take();
    this.#soft = null;
    this.isChanged = true;
    this.#changed();
  }
}
