/** Reads pages row by row, and waits only where a new page has to come. */
export class Pages<T> {
  readonly #next: () => Promise<readonly T[]>;
  #rows: readonly T[] = [];
  #at = 0;
  #isOver = false;

  /** @param next gives an empty page at the end. */
  constructor(next: () => Promise<readonly T[]>) {
    this.#next = next;
  }

  /** Undefined where the page is read to its end. */
  get head(): T | undefined {
    return this.#rows[this.#at];
  }

  advance(): void {
    this.#at += 1;
  }

  /** The first row of the next page; undefined where there is none. */
  async turn(): Promise<T | undefined> {
    if (!this.#isOver) {
      this.#rows = await this.#next();
      this.#at = 0;
      this.#isOver = this.#rows.length === 0;
    }
    return this.head;
  }
}
