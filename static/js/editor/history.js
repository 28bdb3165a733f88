const STEPS = 50;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Undo and redo. A step is a patch that, swapped in, gives back the patch of the way back; the
 * oldest go when there are too many or they grow too heavy.
 */
export class History {
  #done = [];
  #undone = [];
  #swap;
  #weigh;

  constructor(swap, weigh = () => 0) {
    this.#swap = swap;
    this.#weigh = weigh;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  push(patch) {
    this.#undone = [];
    this.#done.push(patch);
    let bytes = this.#done.reduce((sum, each) => sum + this.#weigh(each), 0);
    while (this.#done.length > STEPS || (bytes > MAX_BYTES && this.#done.length > 1)) {
      bytes -= this.#weigh(this.#done.shift());
    }
  }

  undo() {
    if (this.canUndo) this.#undone.push(this.#swap(this.#done.pop()));
  }

  redo() {
    if (this.canRedo) this.#done.push(this.#swap(this.#undone.pop()));
  }
}
