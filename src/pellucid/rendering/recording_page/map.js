// The map of one head: every weight as a shade, or of a long text blocks of them.

class HeadMap {
  /** @param onChoose called with a query when its row is chosen. */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.kind = "largest";
    this.canvas = element("canvas", { tabindex: "0", role: "img" });
    this.line = element("span", { class: "line" });
    this.frame = element("span", { class: "frame" });
    this.readout = element("p", { class: "readout", "aria-live": "polite" });
    this.kinds = element("p", { class: "kinds" });
    const picture = element("div", { class: "picture" }, this.canvas, this.line, this.frame);
    const keys = element("span", { class: "axis across", "aria-hidden": "true" }, "keys →");
    const queries = element("span", { class: "axis down", "aria-hidden": "true" }, "queries →");
    this.box = element("div", { class: "map" }, element("div", { class: "plot" }, keys, queries, picture), this.readout, this.kinds);
    this.canvas.addEventListener("pointermove", (event) => this.point(...this.cellAt(event)));
    this.canvas.addEventListener("pointerleave", () => this.leave());
    this.canvas.addEventListener("click", (event) => this.choose(...this.cellAt(event)));
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
  }

  show(head, colours) {
    this.head = head;
    this.colours = colours;
    this.pointed = null;
    if (!head.isPooled) this.kind = "largest";
    this.drawKinds();
    this.draw();
    this.leave();
  }

  draw() {
    const { head } = this;
    [this.rows, this.columns] = head.data.size;
    Object.assign(this.canvas, { width: this.columns, height: this.rows });
    this.canvas.style.aspectRatio = `${this.columns} / ${Math.max(this.rows, this.columns / 12)}`;
    draw(this.canvas, head.maps[this.kind], this.colours);
    const words = `Attention weights of ${head.title}: ${head.queryCount} queries, ${head.keyCount} keys. Arrow keys move, Enter chooses a row.`;
    this.canvas.setAttribute("aria-label", words);
  }

  /** Of a pooled map: which number of a block is shown. */
  drawKinds() {
    this.kinds.replaceChildren();
    if (!this.head.isPooled) return;
    const [down, across] = this.head.data.cell;
    this.kinds.append(`A cell is a block of ${down} × ${across} weights: `);
    for (const [kind, words] of [["largest", "the largest"], ["mean", "the mean"]]) {
      const choice = button(words, { class: "chip", "aria-pressed": String(kind === this.kind) });
      choice.addEventListener("click", () => {
        this.kind = kind;
        this.drawKinds();
        this.draw();
      });
      this.kinds.append(choice, " ");
    }
  }

  /** Draws a line where the chosen query is. */
  mark(query) {
    this.query = query;
    const row = Math.floor(query / this.head.data.cell[0]);
    Object.assign(this.line.style, { top: `${(100 * row) / this.rows}%`, height: `${100 / this.rows}%` });
  }

  cellAt({ offsetX, offsetY }) {
    const place = (offset, length, count) => Math.min(count - 1, Math.max(0, Math.floor((offset / length) * count)));
    return [
      place(offsetY, this.canvas.clientHeight, this.rows),
      place(offsetX, this.canvas.clientWidth, this.columns),
    ];
  }

  async point(row, column) {
    this.pointed = [row, column];
    const { head } = this;
    await head.loadWeights();
    if (this.head !== head || !this.pointed) return;
    Object.assign(this.frame.style, {
      top: `${(100 * row) / this.rows}%`,
      left: `${(100 * column) / this.columns}%`,
      height: `${100 / this.rows}%`,
      width: `${100 / this.columns}%`,
    });
    this.frame.hidden = false;
    this.readout.textContent = `${this.span(head.queries, row, 0)} → ${this.span(head.keys, column, 1)}: ${this.weight(row, column)}`;
  }

  /** The tokens that a row or column of cells stands for. */
  span(tokens, cell, axis) {
    const size = this.head.data.cell[axis];
    const first = cell * size;
    const last = Math.min(first + size, tokens.length) - 1;
    const name = (place) => `${tokens[place]} (${place})`;
    return first === last ? name(first) : `${name(first)} … ${name(last)}`;
  }

  weight(row, column) {
    const exact = this.head.isPooled ? null : this.head.text(row, column);
    if (exact) return exact;
    const range = this.head.recorded.range(this.head.cell(row, column, this.kind));
    return this.head.isPooled ? `${this.kind} ${range}` : range;
  }

  leave() {
    this.pointed = null;
    this.frame.hidden = true;
    this.readout.textContent = "Point at a cell to read it; click to choose its query.";
  }

  /** Chooses the query of a row of cells: of a block the one with the largest listed weight there. */
  choose(row, column) {
    const [down, across] = this.head.data.cell;
    const queries = Array.from({ length: down }, (_, k) => row * down + k).filter((query) => query < this.head.queryCount);
    const inside = (key) => Math.floor(key / across) === column;
    const best = (query) =>
      Math.max(-1, ...[...(this.head.listed(query) ?? [])].filter(([key]) => inside(key)).map(([, text]) => codeOf(text)));
    const strengths = queries.map(best);
    this.onChoose(queries[strengths.indexOf(Math.max(...strengths))]);
  }

  onKey(event) {
    const [row, column] = this.pointed ?? [Math.floor(this.query / this.head.data.cell[0]), 0];
    if (event.key === "Enter" || event.key === " ") this.choose(row, column);
    else if (event.key in MOVES) {
      const [down, right] = MOVES[event.key];
      const within = (place, count) => Math.min(count - 1, Math.max(0, place));
      this.point(within(row + down, this.rows), within(column + right, this.columns));
    } else return;
    event.preventDefault();
  }
}
