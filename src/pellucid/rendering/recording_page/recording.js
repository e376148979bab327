// The page of a recording: what is chosen, and what then is shown.

class RecordingPage {
  constructor(root) {
    this.root = root;
    this.recorded = new Recorded(JSON.parse(root.querySelector(':scope > script[type="application/json"]').textContent));
    this.state = { pass: 0, sequence: 0, layer: 0, head: 0, query: null };
    this.grid = new Grid(this.recorded, (head) => this.chooseHead(head));
    this.map = new HeadMap((query) => this.chooseQuery(query));
    this.reading = new Reading((place, isToken) => this.choosePlace(place, isToken));
    this.arithmetic = new Arithmetic();
    this.arithmetic.onWrite = () => this.prepare();
    this.title = element("h2", {});
    this.facts = element("p", { class: "facts" });
    this.trail = [];
    this.panel = new Panel(root, this.recorded.data.mostTerms, {
      onBack: (position) => this.walk(this.trail.slice(0, position + 1)),
      onClose: () => this.close(),
      onWrite: () => {},
      matrixOf: () => undefined,
    });
    const views = element("div", { class: "views" }, this.map.box, this.reading.box);
    const one = element("section", { class: "one" }, this.title, this.facts, views);
    root.querySelector("article").append(this.controls(), this.grid.box, one, this.arithmetic.box);
    this.addTheme();
    this.listen();
    this.restore();
    this.showGrid();
  }

  // What is chosen

  get layers() {
    return this.recorded.layers.filter((layer) => layer.pass === this.state.pass);
  }

  head(layer, number) {
    return new Head(this.recorded, layer, this.state.sequence, number);
  }

  /** The head of the state, as near as the pass and the sequence have one. */
  get wanted() {
    const layers = this.layers;
    const layer = layers.find(({ number }) => number === this.state.layer) ?? layers[0];
    const heads = layer.sequences[this.state.sequence].heads;
    return this.head(layer, Math.min(this.state.head, heads.length - 1));
  }

  showGrid() {
    const { sequences } = this.layers[0];
    this.state.sequence = Math.min(this.state.sequence, sequences.length - 1);
    this.sequences.hidden = sequences.length < 2;
    this.grid.show(this.state.pass, this.state.sequence, this.colours);
    this.chooseHead(this.wanted);
  }

  async chooseHead(head) {
    Object.assign(this.state, { layer: head.layer.number, head: head.number });
    this.grid.mark(head);
    this.shown = head;
    await head.load();
    if (this.shown !== head) return;
    const { layer } = head;
    this.title.replaceChildren(`Layer ${layer.number}, head ${head.number} `, element("small", {}, layer.name));
    this.facts.textContent = [...head.words, layer.status].join(" · ");
    this.map.show(head, this.colours);
    await this.chooseQuery(this.state.query ?? head.queryCount - 1);
  }

  async chooseQuery(query) {
    this.reading.direction = "row";
    await this.choosePlace(query);
  }

  /** Chooses a query, or in the other direction a key. */
  async choosePlace(place, isToken = false) {
    const head = this.shown;
    const isRow = this.reading.direction === "row";
    await this.reading.show(head, place, this.colours);
    if (this.shown !== head) return;
    if (isRow) {
      const query = Math.min(place, head.queryCount - 1);
      this.state.query = query;
      this.map.mark(query);
      await this.arithmetic.show(head, query);
      this.prepare();
    }
    if (isToken) this.reading.focus();
    this.remember();
  }

  // The address says what is shown, so that it can be sent to others.

  remember() {
    const { pass, sequence, layer, head, query } = this.state;
    const place = `#pass=${pass}&sequence=${sequence}&layer=${layer}&head=${head}&query=${query}`;
    history.replaceState(null, "", place);
    this.root.dataset.shown = place;
  }

  restore() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of Object.keys(this.state)) {
      if (/^\d+$/.test(asked.get(name) ?? "")) this.state[name] = Number(asked.get(name));
    }
    if (!this.layers.length) this.state.pass = this.recorded.layers[0].pass;
    this.passes.querySelector("select").value = String(this.state.pass);
    this.sequences.querySelector("select").value = String(this.state.sequence);
  }

  controls() {
    const most = Math.max(...this.recorded.layers.map((layer) => layer.sequences.length));
    const filled = [...new Set(this.recorded.layers.map((layer) => layer.pass))];
    this.passes = this.picker("pass", filled, (value) => Object.assign(this.state, { pass: value, query: null }));
    this.sequences = this.picker("sequence", rangeTo(most), (value) => Object.assign(this.state, { sequence: value, query: null }));
    this.passes.hidden = filled.length < 2;
    return element("div", { class: "controls" }, this.passes, this.sequences);
  }

  picker(name, values, onPick) {
    const options = values.map((value) => element("option", { value }, `${value}`));
    const select = element("select", {}, ...options);
    select.addEventListener("change", () => {
      onPick(Number(select.value));
      this.close();
      this.showGrid();
    });
    return element("label", {}, `${name} `, select, ` of ${values.length}`);
  }

  // The arithmetic of a number

  listen() {
    this.root.addEventListener("click", ({ target }) => {
      const place = target.closest("[data-index]");
      if (place && getSelection().type !== "Range") this.choose(place);
    });
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.panel.isOpen && this.close());
  }

  numberOf({ dataset }) {
    return { step: this.shown.derivation.step(dataset.step), index: dataset.index.split(",").map(Number) };
  }

  async choose(place) {
    const isInside = this.panel.box.contains(place);
    if (!isInside) this.origin = place;
    await this.walk([...(isInside ? this.trail : []), this.numberOf(place)]);
    if (!isInside) place.scrollIntoView({ block: "nearest" });
    if (isInside) this.panel.arithmetic.querySelector("[data-index]")?.focus();
  }

  async walk(trail) {
    this.trail = trail;
    const { step, index } = trail.at(-1);
    await Promise.all([step, ...step.operands].map((one) => one.load()));
    if (this.trail !== trail) return;
    this.panel.show(makeChoice(step, index), trail.slice(0, -1));
    for (const place of this.panel.arithmetic.querySelectorAll("[data-index]")) {
      place.setAttribute("role", "button");
      place.tabIndex = 0;
    }
    this.root.style.setProperty("--panel-height", `${this.panel.box.offsetHeight}px`);
    this.paint();
  }

  /** Marks the chosen number where it stands in the row. */
  paint() {
    const chosen = this.trail.at(-1);
    for (const place of this.arithmetic.box.querySelectorAll("[data-index]")) {
      const { step, index } = this.numberOf(place);
      place.classList.toggle("chosen", Boolean(chosen) && step.key === chosen.step.key && String(index) === String(chosen.index));
    }
  }

  close() {
    const hadFocus = this.panel.box.contains(document.activeElement);
    this.panel.close();
    this.trail = [];
    this.root.style.removeProperty("--panel-height");
    if (this.shown?.derivation) this.paint();
    if (hadFocus && this.origin?.isConnected) this.origin.focus();
  }

  /** Makes one number of each group reachable with the Tab key. */
  prepare() {
    if (this.trail.length) this.close();
    for (const group of this.arithmetic.box.querySelectorAll(GROUPS)) {
      const first = group.querySelector("[data-index]");
      if (first) first.tabIndex = 0;
    }
  }

  onKey(event) {
    const place = event.target.closest("[data-index]");
    if (!place) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(place);
      return;
    }
    const group = place.closest(GROUPS);
    const move = MOVES[event.key];
    if (!move || !group) return;
    event.preventDefault();
    const places = [...group.querySelectorAll("[data-index]")];
    const width = place.parentElement.matches("tr") ? place.parentElement.querySelectorAll("[data-index]").length : 1;
    const next = places[places.indexOf(place) + (Number.isFinite(move[1]) ? move[0] * width + move[1] : 0)];
    if (!next) return;
    place.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  // Light and dark

  get isDark() {
    const { colorScheme } = getComputedStyle(this.root);
    return colorScheme === "dark" || (colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  }

  get colours() {
    return this.recorded.data.palettes[this.isDark ? "dark" : "light"];
  }

  addTheme() {
    const toggle = button("◐", { class: "theme", "aria-label": "switch between light and dark" });
    toggle.addEventListener("click", () => {
      this.root.dataset.theme = this.isDark ? "light" : "dark";
      this.showGrid();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.showGrid());
    this.root.querySelector("header").append(toggle);
  }
}

const GROUPS = ".numbers, table";
const rangeTo = (count) => Array.from({ length: count }, (_, place) => place);

for (const root of document.querySelectorAll(".pellucid.recording")) {
  if (!root.dataset.started) {
    root.dataset.started = "true";
    new RecordingPage(root);
  }
}
