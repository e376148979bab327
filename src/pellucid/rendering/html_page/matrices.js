// The matrices of the page: which cells are lit, and windows that move over the large ones.

const rangeFrom = (start, count) => Array.from({ length: count }, (_, k) => start + k);
const clamp = (value, least, most) => Math.max(least, Math.min(most, value));
const rowAndColumn = (index) => [0, ...index].slice(-2); // a vector is one row
const indexOfCell = (cell) => cell.dataset.index.split(",").map(Number);

/** Places in their order, with null where some are left out. */
const withGaps = (places) => places.flatMap((place, k) => (k && place !== places[k - 1] + 1 ? [null, place] : [place]));

/** A matrix as the document shows it. */
class Matrix {
  constructor(figure, step) {
    this.figure = figure;
    this.step = step;
    this.table = figure.querySelector("table");
    this.heads = figure.dataset.head === undefined ? [] : [Number(figure.dataset.head)];
    this.isPainted = false;
  }

  /** Whether this matrix holds an element. */
  has(step, index) {
    return step.key === this.step.key && (!this.heads.length || this.heads[0] === index[0]);
  }

  get cells() {
    return this.table.querySelectorAll("td[data-index]");
  }

  cell(index) {
    return this.table.querySelector(`td[data-index="${index.join(",")}"]`);
  }

  /** Marks the chosen number and its operands. */
  paint(choice) {
    const lit = choice?.lit.get(this.step.key);
    const chosen = choice?.step.key === this.step.key ? choice.index.join(",") : null;
    if (!lit && chosen === null && !this.isPainted) return;
    for (const cell of this.cells) {
      cell.classList.toggle("lit", lit?.has(cell.dataset.index) ?? false);
      cell.classList.toggle("chosen", cell.dataset.index === chosen);
    }
    this.isPainted = Boolean(lit) || chosen !== null;
  }

  /** Makes the first of these elements visible; a whole matrix shows them already. */
  async reveal() {}

  /** The cell beyond the edge, for the arrow keys; a whole matrix has none. */
  async beyond() {
    return null;
  }

  /** Draws the overview anew when colours have changed; a whole matrix has none. */
  drawOverview() {}
}

/** A window on a large matrix, with controls that move it. */
class MovableMatrix extends Matrix {
  constructor(figure, step, onMove) {
    super(figure, step);
    this.onMove = onMove;
    this.most = Number(figure.dataset.most);
    this.sizes = [1, ...step.shape].slice(-2);
    const places = [...this.cells].map((cell) => rowAndColumn(indexOfCell(cell)));
    this.shown = [0, 1].map((axis) => [...new Set(places.map((place) => place[axis]))]);
    const [marked] = this.table.querySelectorAll("tr.marked td[data-index]");
    this.markedRow = marked && indexOfCell(marked).at(-2);
    this.isLimited = Boolean(step.source.data.rows); // the page carries only the rows it shows
    this.moves = [0, 1].map((axis) => this.shown[axis].length < this.sizes[axis] && !(axis === 0 && this.isLimited));
    this.inputs = [];
    figure.querySelector(".left-out").remove();
    const navigator = element("div", { class: "navigator" }, this.controls());
    figure.querySelector(".scroll").before(navigator);
    if (step.source.data.overview) navigator.prepend(this.overview());
    this.drawOverview();
    this.describe();
  }

  get first() {
    return this.shown.map(([first]) => first);
  }

  controls() {
    const bar = element("div", { class: "window", role: "group", "aria-label": `part of ${this.step.title} shown` });
    for (const [axis, noun] of [
      [0, "rows"],
      [1, "columns"],
    ]) {
      if (this.moves[axis]) bar.append(this.mover(axis, noun));
    }
    this.status = element("span", { class: "status", "aria-live": "polite" });
    bar.append(this.status);
    return bar;
  }

  mover(axis, noun) {
    const input = element("input", {
      type: "text",
      size: "8",
      "aria-label": `first of the ${noun}: a number or a token`,
    });
    this.inputs[axis] = input;
    input.addEventListener("change", () => this.go(axis, input));
    const arrow = (sign, words, direction) => {
      const made = button(sign, { "aria-label": `${words} ${noun}` });
      made.addEventListener("click", () => this.move(axis, this.first[axis] + direction * this.most));
      return made;
    };
    return element(
      "span",
      { class: "mover" },
      `${noun} from `,
      input,
      arrow("‹", "earlier", -1),
      arrow("›", "later", 1),
    );
  }

  /** Moves to what was typed; what does not exist is said to be invalid. */
  go(axis, input) {
    const position = this.step.axisPosition(this.step.shape.length - 2 + axis, input.value.trim());
    input.setAttribute("aria-invalid", String(position < 0));
    if (position >= 0) this.move(axis, position);
  }

  move(axis, start) {
    return this.show(axis === 0 ? start : this.first[0], axis === 1 ? start : this.first[1]);
  }

  /** Shows the window that starts there, as far as the matrix reaches. */
  async show(row, column) {
    await this.step.load();
    const starts = [row, column];
    this.shown = this.sizes.map((size, axis) => {
      if (!this.moves[axis]) return this.shown[axis];
      return rangeFrom(clamp(starts[axis], 0, size - this.most), this.most);
    });
    const rows = withGaps(this.shown[0]).map((place) => (place === null ? this.gapRow() : this.row(place)));
    this.table.replaceChildren(this.headRow(), element("tbody", {}, ...rows));
    this.describe();
    this.isPainted = false;
    this.onMove(this);
  }

  headRow() {
    const labels = this.shown[1].map((column) => element("th", { scope: "col" }, this.label(1, column)));
    return element("thead", {}, element("tr", {}, element("td", {}), ...labels));
  }

  row(row) {
    const head = element("th", { scope: "row" }, this.label(0, row));
    const cells = this.shown[1].map((column) => this.makeCell(this.index(row, column)));
    return element("tr", row === this.markedRow ? { class: "marked" } : {}, head, ...cells);
  }

  gapRow() {
    const cells = this.shown[1].map(() => element("td", {}, "⋮"));
    return element("tr", { class: "gap" }, element("th", {}, "⋮"), ...cells);
  }

  index(row, column) {
    return this.step.shape.length === 1 ? [column] : [...this.heads, row, column];
  }

  makeCell(index) {
    const written = this.step.writtenAt(index);
    const printed = written ? plainText(new Printer(Infinity).print(written)) : this.step.aligned(index);
    const cell = element("td", { "data-step": this.step.name, "data-index": index.join(",") }, ...number(printed));
    const shade = this.step.shade(index);
    if (shade > 0) cell.style.setProperty("--shade", shade.toFixed(3));
    return cell;
  }

  label(axis, place) {
    const labelled = this.step.shape.length - 2 + axis;
    return labelled < 0 ? "" : this.step.axisLabel(labelled, place);
  }

  /** Says what is shown. */
  describe() {
    const parts = ["rows", "columns"].map((noun, axis) => {
      const [first, last] = [this.shown[axis][0], this.shown[axis].at(-1)];
      const isRun = last - first + 1 === this.shown[axis].length;
      const size = this.sizes[axis].toLocaleString("en");
      if (this.inputs[axis]) this.inputs[axis].value = this.label(axis, first);
      if (this.shown[axis].length === this.sizes[axis]) return `all ${size} ${noun}`;
      if (isRun) return `${noun} ${first}–${last} of ${size}`;
      const more = axis === 0 && this.isLimited ? " (the page carries no more)" : "";
      return `${this.shown[axis].length} of ${size} ${noun}${more}`;
    });
    this.status.textContent = parts.join(", ");
    this.placeFrame();
  }

  async reveal(elements) {
    const mine = elements.filter(({ step, index }) => this.has(step, index)).map(({ index }) => rowAndColumn(index));
    if (!mine.length) return;
    const starts = [0, 1].map((axis) => {
      const isVisible = mine.some((index) => this.shown[axis].includes(index[axis]));
      return isVisible || !this.moves[axis] ? null : mine[0][axis] - Math.floor(this.most / 2);
    });
    if (starts.every((start) => start === null)) return;
    await this.show(starts[0] ?? this.first[0], starts[1] ?? this.first[1]);
  }

  async beyond(cell, down, right) {
    const [row, column] = rowAndColumn(indexOfCell(cell));
    if (row + down < 0 || column + right < 0) return null;
    await this.show(this.first[0] + down, this.first[1] + right);
    return this.cell(this.index(row + down, column + right));
  }

  // The overview: the whole matrix in small, one dot for a block of cells.

  overview() {
    const { blocks, matrices } = this.step.source.data.overview;
    const lines = matrices[this.heads[0] ?? 0];
    this.canvas = element("canvas", { width: lines[0].length, height: lines.length, "aria-hidden": "true" });
    this.frame = element("span", { class: "frame" });
    this.canvas.addEventListener("click", (event) => {
      const place = (offset, length, axis) => Math.floor((offset / length) * this.sizes[axis] - this.most / 2);
      this.show(place(event.offsetY, this.canvas.clientHeight, 0), place(event.offsetX, this.canvas.clientWidth, 1));
    });
    const words = `the largest of every ${blocks[0]} × ${blocks[1]} ${this.step.title}; click to go there`;
    return element("div", { class: "overview", title: words }, this.canvas, this.frame);
  }

  /** Draws it in the colours in use. */
  drawOverview() {
    if (!this.canvas) return;
    const brush = this.canvas.getContext("2d");
    brush.clearRect(0, 0, this.canvas.width, this.canvas.height);
    brush.fillStyle = getComputedStyle(this.canvas).color;
    for (const [y, line] of this.step.source.data.overview.matrices[this.heads[0] ?? 0].entries()) {
      for (const [x, level] of [...line].entries()) {
        brush.globalAlpha = parseInt(level, 16) / 15;
        brush.fillRect(x, y, 1, 1);
      }
    }
  }

  placeFrame() {
    if (!this.frame) return;
    const percent = (part, axis) => `${(100 * part) / this.sizes[axis]}%`;
    const isRun = this.shown.every((places) => places.at(-1) - places[0] + 1 === places.length);
    this.frame.hidden = !isRun;
    const [top, left] = this.first;
    Object.assign(this.frame.style, {
      top: percent(top, 0),
      left: percent(left, 1),
      height: percent(this.shown[0].length, 0),
      width: percent(this.shown[1].length, 1),
    });
  }
}
