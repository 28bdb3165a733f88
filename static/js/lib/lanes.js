// So many at a time, the others in the order in which they came.

export class Lanes {
  #free;
  #waiting = [];

  constructor(count) {
    this.#free = count;
  }

  async run(work) {
    if (this.#free === 0) await new Promise((begin) => this.#waiting.push(begin));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
