const MARGIN_PX = 24;
const LARGEST = 32;
const KEPT_IN_SIGHT_PX = 48;

/** How the picture lies on the stage. Only this changes with zoom, pan and resize; never the layer. */
export class View {
  scale = 1;
  x = 0;
  y = 0;
  #picture;
  #room = { width: 1, height: 1 };
  #isFitted = true;
  #changed;

  constructor(picture, changed) {
    this.#picture = picture;
    this.#changed = changed;
  }

  get #centre() {
    return { x: this.#room.width / 2, y: this.#room.height / 2 };
  }

  get #fitting() {
    const margin = Math.min(MARGIN_PX, this.#room.width / 20, this.#room.height / 20);
    const across = (this.#room.width - 2 * margin) / this.#picture.width;
    const down = (this.#room.height - 2 * margin) / this.#picture.height;
    return Math.min(across, down, LARGEST);
  }

  /** A picture pixel on a screen pixel is 100 %. */
  get percent() {
    return Math.round(this.scale * devicePixelRatio * 100);
  }

  resize(room) {
    const middle = this.toPicture(this.#centre);
    this.#room = room;
    if (this.#isFitted) return this.fit();
    this.x = this.#centre.x - middle.x * this.scale;
    this.y = this.#centre.y - middle.y * this.scale;
    this.#settle();
  }

  fit() {
    this.#isFitted = true;
    this.scale = this.#fitting;
    this.x = (this.#room.width - this.#picture.width * this.scale) / 2;
    this.y = (this.#room.height - this.#picture.height * this.scale) / 2;
    this.#changed();
  }

  actual() {
    this.zoomBy(1 / devicePixelRatio / this.scale);
  }

  /** Zoom so that what lies under `at` stays there. */
  zoomBy(factor, at = this.#centre) {
    const fixed = this.toPicture(at);
    const smallest = Math.min(this.#fitting / 4, 1);
    this.scale = Math.min(LARGEST, Math.max(smallest, this.scale * factor));
    this.#isFitted = false;
    this.x = at.x - fixed.x * this.scale;
    this.y = at.y - fixed.y * this.scale;
    this.#settle();
  }

  panBy(across, down) {
    this.#isFitted = false;
    this.x += across;
    this.y += down;
    this.#settle();
  }

  /** Bring a box of the picture into sight, if it is not. */
  reveal(box) {
    const left = box.x * this.scale + this.x;
    const top = box.y * this.scale + this.y;
    const across = outside(left, box.width * this.scale, this.#room.width);
    const down = outside(top, box.height * this.scale, this.#room.height);
    if (across || down) this.panBy(-across, -down);
  }

  toPicture(at) {
    return { x: (at.x - this.x) / this.scale, y: (at.y - this.y) / this.scale };
  }

  /** The picture can be pushed aside, but not lost. */
  #settle() {
    const width = this.#picture.width * this.scale;
    const height = this.#picture.height * this.scale;
    this.x = Math.min(this.#room.width - KEPT_IN_SIGHT_PX, Math.max(KEPT_IN_SIGHT_PX - width, this.x));
    this.y = Math.min(this.#room.height - KEPT_IN_SIGHT_PX, Math.max(KEPT_IN_SIGHT_PX - height, this.y));
    this.#changed();
  }
}

function outside(start, length, room) {
  if (start < 0) return start;
  return Math.max(0, Math.min(start, start + length - room));
}
