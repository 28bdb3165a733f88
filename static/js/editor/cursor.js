/** The keyboard's place on the picture: a cell of a grid whose step is a share of the picture. */
export class Cursor {
  column = 0;
  row = 0;
  isShown = false;
  #picture;
  #step_percent;

  constructor(picture, step_percent) {
    this.#picture = picture;
    this.#step_percent = step_percent;
    this.#centre();
  }

  get count() {
    return Math.ceil(100 / this.#step_percent);
  }

  get cell() {
    const { width, height } = this.#picture;
    const edge = (length, index) => Math.min(length, Math.round((length * index * this.#step_percent) / 100));
    const x = edge(width, this.column);
    const y = edge(height, this.row);
    return { x, y, width: edge(width, this.column + 1) - x, height: edge(height, this.row + 1) - y };
  }

  get middle() {
    const { x, y, width, height } = this.cell;
    return { x: x + width / 2, y: y + height / 2 };
  }

  get words() {
    return `Column ${this.column + 1}, row ${this.row + 1} of ${this.count}`;
  }

  /** Keep the place on the picture when the cells change their size. */
  set step_percent(value) {
    const { x, y } = this.middle;
    this.#step_percent = value;
    const index = (at, length) => Math.min(this.count - 1, Math.floor((at / length) * (100 / value)));
    this.column = index(x, this.#picture.width);
    this.row = index(y, this.#picture.height);
  }

  move(columns, rows) {
    const within = (index) => Math.min(this.count - 1, Math.max(0, index));
    this.column = within(this.column + columns);
    this.row = within(this.row + rows);
    this.isShown = true;
  }

  #centre() {
    this.column = this.row = Math.floor((this.count - 1) / 2);
  }
}
