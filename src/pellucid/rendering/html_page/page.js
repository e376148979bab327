// The page: what happens when a number is chosen, by pointer or by keyboard.

const GROUPS = ".matrix table, dl.working, .panel .arithmetic"; // one stop of the Tab key each

const HINT =
  "Click a number to see where it comes from, then its operands to walk on. " +
  "Or use the keyboard: Tab, the arrow keys and Enter; Escape closes.";

class Page {
  constructor(root) {
    this.root = root;
    const data = JSON.parse(root.querySelector(':scope > script[type="application/json"]').textContent);
    this.derivations = data.derivations.map((derivation, number) => new Derivation(derivation, number, data.labels));
    this.matrices = [...root.querySelectorAll("figure.matrix")].map((figure) => this.makeMatrix(figure));
    this.matrixOfTable = new Map(this.matrices.map((matrix) => [matrix.table, matrix]));
    this.panel = new Panel(root, data.mostTerms, {
      onBack: (position) => this.walk(this.trail.slice(0, position + 1)).then(() => this.enterPanel()),
      onClose: () => this.close(),
      onWrite: () => this.prepare(this.panel.arithmetic),
      matrixOf: (number) => this.matrixOf(number),
    });
    this.trail = []; // the numbers walked through, the chosen one last
    this.origin = null; // where on the page the walk began
    this.choice = null;
    this.addControls();
    this.walks = [...root.querySelectorAll(".walk")].map((walk) => new Walk(walk));
    for (const group of root.querySelectorAll(GROUPS)) this.prepare(group);
    this.listen();
  }

  makeMatrix(figure) {
    const step = this.stepOf(figure);
    return figure.dataset.most
      ? new MovableMatrix(figure, step, (moved) => this.onMove(moved))
      : new Matrix(figure, step);
  }

  stepOf(place) {
    const { derivation } = place.closest("[data-derivation]").dataset;
    return this.derivations[derivation].step(place.dataset.step);
  }

  numberOf(place) {
    return { step: this.stepOf(place), index: place.dataset.index.split(",").map(Number) };
  }

  /** The matrix on the page that shows a number, if any. */
  matrixOf({ step, index }) {
    return this.matrices.find((matrix) => matrix.has(step, index));
  }

  // Choosing

  /** Shows the last number of a trail. */
  async walk(trail) {
    this.trail = trail;
    const { step, index } = trail.at(-1);
    await Promise.all([step, ...step.operands].map((one) => one.load()));
    if (this.trail !== trail) return; // another number was chosen meanwhile
    const choice = makeChoice(step, index);
    this.choice = choice;
    await Promise.all(this.matrices.map((matrix) => matrix.reveal([{ step, index }, ...choice.operands])));
    if (this.trail !== trail) return;
    this.panel.show(choice, trail.slice(0, -1));
    this.paint();
    this.root.style.setProperty("--panel-height", `${this.panel.box.offsetHeight}px`);
  }

  /** Chooses the number that an element of the page or of the panel stands for. */
  async choose(place) {
    const wanted = this.numberOf(place);
    if (this.panel.box.contains(place)) {
      const isSame = wanted.step.key === this.choice.step.key && String(wanted.index) === String(this.choice.index);
      if (!isSame) await this.walk([...this.trail, wanted]);
      this.enterPanel();
    } else {
      this.origin = place;
      await this.walk([wanted]);
      place.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  /** Moves the focus to the first operand. */
  enterPanel() {
    const { arithmetic } = this.panel;
    this.focus(arithmetic.querySelector(".spelled [data-index]") ?? arithmetic.querySelector("[data-index]"));
  }

  close() {
    const hadFocus = this.panel.box.contains(document.activeElement);
    this.panel.close();
    this.trail = [];
    this.choice = null;
    this.paint();
    this.root.style.removeProperty("--panel-height");
    if (hadFocus && this.origin?.isConnected) this.focus(this.origin);
  }

  paint() {
    for (const matrix of this.matrices) matrix.paint(this.choice);
    const key = this.choice && `${this.choice.step.key}/${this.choice.index}`;
    for (const place of this.root.querySelectorAll(".number")) {
      const { step, index } = this.numberOf(place);
      place.classList.toggle("chosen", key === `${step.key}/${index}`);
    }
  }

  onMove(matrix) {
    this.prepare(matrix.table);
    for (const walk of this.walks) walk.markRow();
    matrix.paint(this.choice);
  }

  // Keyboard and pointer

  listen() {
    this.root.addEventListener("click", (event) => {
      const place = event.target.closest("[data-index]");
      if (!place || getSelection().type === "Range") return;
      this.focus(place);
      this.choose(place);
    });
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.root.addEventListener("focusin", ({ target }) => target.matches("[data-index]") && this.makeStop(target));
    this.root.addEventListener("pointerover", ({ target }) => this.nameNumber(target.closest("[data-index]")));
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.panel.isOpen && this.close());
  }

  async onKey(event) {
    const place = event.target.closest("[data-index]");
    if (!place || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      await this.choose(place);
      this.enterPanel();
    } else if (event.key in MOVES) {
      event.preventDefault();
      const next = await this.neighbour(place, event.key);
      if (!next) return;
      this.focus(next);
      if (this.panel.isOpen && !this.panel.box.contains(next)) this.choose(next);
    }
  }

  /** The number that an arrow key leads to. */
  async neighbour(place, key) {
    const [down, right] = MOVES[key];
    const group = place.closest(GROUPS);
    const lines = [...group.querySelectorAll("tbody > tr, :scope > div, :scope > p")]
      .map((line) => [...line.querySelectorAll("[data-index]")])
      .filter((line) => line.length);
    const row = lines.findIndex((line) => line.includes(place));
    const column = lines[row].indexOf(place);
    if (Math.abs(right) === Infinity) return lines[row].at(right < 0 ? 0 : -1);
    const line = lines[row + down];
    const next = line?.[group.matches("table") || !down ? column + right : Math.min(column, line.length - 1)];
    return next ?? this.matrixOfTable.get(group)?.beyond(place, down, right);
  }

  focus(place) {
    this.makeStop(place);
    place.focus();
  }

  /** Makes a number the one of its group that the Tab key stops at. */
  makeStop(place) {
    const group = place.closest(GROUPS);
    for (const stop of group.querySelectorAll('[data-index][tabindex="0"]')) stop.tabIndex = -1;
    place.tabIndex = 0;
  }

  /** Makes the numbers of a group reachable. */
  prepare(group) {
    if (group.matches("table")) group.setAttribute("role", "grid");
    else for (const place of group.querySelectorAll("[data-index]")) place.setAttribute("role", "button");
    const first =
      group.querySelector("tr.marked [data-index], .spelled [data-index]") ?? group.querySelector("[data-index]");
    if (first && !group.querySelector('[tabindex="0"]')) first.tabIndex = 0;
  }

  /** Gives a number its name, for those who hover. */
  nameNumber(place) {
    if (!place || place.title) return;
    const { step, index } = this.numberOf(place);
    place.title = `${step.title}[${step.place(index)}]`;
  }

  // Controls

  addControls() {
    const toggle = button("◐", { class: "theme", "aria-label": "switch between light and dark" });
    toggle.addEventListener("click", () => {
      this.root.dataset.theme = this.isDark ? "light" : "dark";
      this.redraw();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    this.root.querySelector("header").append(toggle, element("p", { class: "hint" }, HINT));
  }

  get isDark() {
    const { colorScheme } = getComputedStyle(this.root);
    return colorScheme === "dark" || (colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  }

  redraw() {
    for (const matrix of this.matrices) matrix.drawOverview();
  }
}

const MOVES = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

// Every fragment brings this script: it starts the one it stands in, or those that have not started yet where a
// host has moved the script elsewhere.
const own = document.currentScript?.closest(".pellucid");
for (const root of own ? [own] : document.querySelectorAll(".pellucid")) {
  if (!root.dataset.started) {
    root.dataset.started = "true";
    new Page(root);
  }
}
