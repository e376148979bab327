// The panel that shows the arithmetic of the chosen number.

class Panel {
  /**
   * @param mostTerms terms of a sum that are shown before the reader asks for all.
   * @param onBack called with a position in the trail when an earlier number is wanted.
   * @param onClose called when the reader closes the panel.
   * @param onWrite called when new arithmetic has been written.
   * @param matrixOf the matrix on the page that shows an element, if any.
   */
  constructor(root, mostTerms, { onBack, onClose, onWrite, matrixOf }) {
    this.mostTerms = mostTerms;
    this.onBack = onBack;
    this.onWrite = onWrite;
    this.matrixOf = matrixOf;
    this.trail = element("nav", { class: "trail", "aria-label": "numbers walked through" });
    const close = button("×", { class: "close", "aria-label": "close" });
    close.addEventListener("click", onClose);
    this.arithmetic = element("div", { class: "arithmetic", "aria-live": "polite" });
    this.sources = element("div", { class: "sources" });
    this.box = element("aside", { class: "panel", role: "region", "aria-label": "arithmetic of the chosen number" });
    this.box.append(close, this.trail, element("div", { class: "columns" }, this.arithmetic, this.sources));
    this.box.hidden = true;
    root.append(this.box);
  }

  get isOpen() {
    return !this.box.hidden;
  }

  close() {
    this.box.hidden = true;
  }

  /** Shows a choice: { step, index, expression, operands… }, whose numbers are loaded. */
  show(choice, trail) {
    this.box.dataset.derivation = choice.step.derivation.number;
    this.trail.replaceChildren(...trail.flatMap((earlier, position) => [this.earlier(earlier, position), " › "]));
    this.write(choice, this.mostTerms);
    this.sources.replaceChildren(...this.sourceList(choice));
    this.box.hidden = false;
    this.box.scrollTop = 0;
  }

  earlier({ step, index }, position) {
    const back = button(`${step.title}[${step.place(index)}]`);
    back.addEventListener("click", () => this.onBack(position));
    return back;
  }

  write(choice, mostTerms) {
    const { step, index } = choice;
    const printer = new Printer(mostTerms, printNumber);
    const result = step.text(index);
    const symbols = choice.symbols ? new Printer(Infinity, printPlace).print(choice.symbols) : [];
    const spelled = choice.expression && !choice.isSecret ? printer.print(choice.expression) : [];
    const lines = [element("p", { class: "name" }, printPlace({ step, index }))];
    if (plainText(symbols) !== plainText(spelled)) lines.push(...equation("symbols", symbols));
    if (plainText(spelled) !== result) lines.push(...equation("spelled", spelled));
    lines.push(...equation("result", result === null ? [element("span", { class: "box" })] : number(result)));
    lines.push(...this.words(choice), ...this.more(choice, printer));
    this.arithmetic.replaceChildren(...lines);
    this.onWrite();
  }

  words({ step, because }) {
    const words = because.length ? [reason(because)] : [];
    if (!step.pattern) words.push("given");
    if (step.data.note) words.push(step.data.note);
    return words.map((said) => element("p", { class: "words" }, said));
  }

  /** A control that shows a shortened sum whole. */
  more(choice, printer) {
    if (!printer.leftOut) return [];
    const more = button(`show all ${printer.leftOut.toLocaleString("en")} terms`, { class: "more" });
    more.addEventListener("click", () => this.write(choice, Infinity));
    return [more];
  }

  /** Each operand's matrix in small, which leads to where it stands on the page. */
  sourceList(choice) {
    const groups = new Map();
    for (const operand of choice.operands) {
      const key = [operand.step.key, ...operand.index.slice(0, -2)].join();
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(operand);
    }
    return [...groups.values()].map((group) => this.source(group));
  }

  source(group) {
    const [{ step, index }] = group;
    const matrix = this.matrixOf(group[0]);
    const head = index.length > 2 ? `, head ${index[0]}` : "";
    const parts = [thumbnail(step, group), element("span", {}, step.title + head, matrix ? direction(matrix) : "")];
    const attributes = { class: `source role-${step.role}` };
    if (!matrix) return element("span", attributes, ...parts);
    const way = button(parts, attributes);
    way.addEventListener("click", () => matrix.figure.scrollIntoView({ block: "center", behavior: calmly() }));
    return way;
  }
}

const calmly = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

/** A line that begins with an equals sign; none for nothing. */
function equation(kind, printed) {
  if (!printed.length) return [];
  const side = element("span", { class: "side" }, ...printed);
  return [element("p", { class: kind }, element("span", { class: "equals" }, "="), " ", side)];
}

/** An element as its number, which can be chosen in turn; one the page does not carry, as its place. */
function printNumber(node, printed) {
  if (node.step.text(node.index) === null) return printPlace(node);
  return element("span", placeAttributes(node, "number"), ...printed);
}

/** An element as its name and place: scores[sitting, dog]. */
function printPlace(node) {
  const place = element("sub", {}, node.step.place(node.index));
  const isBound = node.index.every(Number.isInteger);
  const attributes = isBound ? placeAttributes(node, "place") : { class: `place role-${node.step.role}` };
  return element("span", attributes, node.step.title, unseen("["), place, unseen("]"));
}

function placeAttributes({ step, index }, kind) {
  return { class: `${kind} role-${step.role}`, "data-step": step.name, "data-index": index.join(",") };
}

/** Why a number is what it is, where a condition decided: one element of a mask, or a whole row. */
function reason(because) {
  const [{ step, index }] = because;
  const text = step.text(index);
  const value = text === null ? [" decides"] : [" is ", ...number(text)];
  const what = because.length > 1 ? [`every number of this row of ${step.title}`] : [printPlace({ step, index })];
  return element("span", {}, "because ", ...what, ...value);
}

/** An arrow that points to where a matrix is; none when it is in sight. */
function direction(matrix) {
  const { top, bottom } = matrix.table.getBoundingClientRect();
  if (bottom < 0) return " ↑";
  return top > innerHeight ? " ↓" : "";
}

const LONGEST_SIDE = 64; // of a thumbnail, in pixels
const LARGEST_CELL = 9;

/** A drawing of a matrix with these elements of it filled. */
function thumbnail(step, elements) {
  const [rows, columns] = step.shape.length === 1 ? [1, step.shape[0]] : step.shape.slice(-2);
  const cell = Math.min(LARGEST_CELL, LONGEST_SIDE / Math.max(rows, columns));
  const [height, width] = [rows, columns].map((count) => Math.max(count * cell, LARGEST_CELL));
  const drawing = svg("svg", {
    width: width + 1,
    height: height + 1,
    viewBox: `-.5 -.5 ${width + 1} ${height + 1}`,
    "aria-hidden": "true",
  });
  drawing.append(svg("rect", { class: "paper", width, height }));
  for (const { index } of elements) {
    const [row, column] = [0, ...index].slice(-2);
    const [down, right] = [height / rows, width / columns];
    const size = { width: Math.max(right, 1.5), height: Math.max(down, 1.5) };
    drawing.append(svg("rect", { class: "filled", x: column * right, y: row * down, ...size }));
  }
  return drawing;
}

function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
