// The grid: every head of a pass as a small map, a row a layer.

/** Draws levels on a canvas, a pixel each. */
function draw(canvas, levels, colours) {
  const brush = canvas.getContext("2d");
  const picture = brush.createImageData(canvas.width, canvas.height);
  const parts = colours.map((colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16)));
  levels.forEach((level, place) => picture.data.set([...parts[level], 255], 4 * place));
  brush.putImageData(picture, 0, 0);
}

class Grid {
  /** @param onChoose called with a head's button when its head is chosen. */
  constructor(recorded, onChoose) {
    this.recorded = recorded;
    this.onChoose = onChoose;
    this.box = element("section", { class: "heads", "aria-label": "heads" });
    this.box.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Shows the heads of a pass and a sequence. */
  show(pass, sequence, colours) {
    this.colours = colours;
    this.buttons = new Map();
    this.rows = [];
    const layers = this.recorded.layers.filter((layer) => layer.pass === pass);
    const groups = Map.groupBy(layers, (layer) => layer.group);
    const most = Math.max(...layers.map((layer) => layer.sequences[sequence].heads.length), layers.length / 2);
    this.box.style.setProperty("--most", most);
    const blocks = [...groups].map(([name, members]) =>
      element("div", { class: "group" }, element("h3", {}, name), this.table(members, sequence)),
    );
    const isPooled = layers.some((layer) => layer.sequences[sequence].heads.some((head) => head.mean));
    this.box.replaceChildren(element("h2", {}, "Heads"), this.patterns(layers, sequence), element("div", { class: "groups" }, ...blocks), this.legend(isPooled));
  }

  table(layers, sequence) {
    return element("div", { class: "grid", role: "group" }, ...layers.map((layer) => this.row(layer, sequence)));
  }

  row(layer, sequence) {
    const label = element("span", { class: "layer", title: layer.name }, String(layer.number));
    if (!layer.verified) label.append(element("abbr", { title: layer.status }, "?"));
    const heads = layer.sequences[sequence].heads.map((_, number) => this.head(new Head(this.recorded, layer, sequence, number)));
    this.rows.push(heads);
    return element("div", { class: "row" }, label, ...heads);
  }

  head(head) {
    const { thumbnail, summary } = head.data;
    const canvas = element("canvas", { width: thumbnail[0].length, height: thumbnail.length, "aria-hidden": "true" });
    draw(canvas, [...thumbnail.join("")].map((letter) => LETTERS.indexOf(letter)), this.colours);
    const made = button([canvas], { class: "head", title: [head.title, ...head.words].join("\n"), "aria-pressed": "false" });
    made.setAttribute("aria-label", [head.title, ...head.words].join("; "));
    if (summary.pattern) made.dataset.pattern = summary.pattern;
    made.tabIndex = -1;
    made.addEventListener("click", () => this.onChoose(head));
    this.buttons.set(`${head.layer.number}.${head.number}`, made);
    return made;
  }

  /** Marks the chosen head. */
  mark(head) {
    for (const made of this.buttons.values()) made.setAttribute("aria-pressed", "false");
    for (const made of this.buttons.values()) made.tabIndex = -1;
    const chosen = this.buttons.get(`${head.layer.number}.${head.number}`);
    chosen.setAttribute("aria-pressed", "true");
    chosen.tabIndex = 0;
    return chosen;
  }

  /** What heads look at, each a switch that leaves only those heads bright. */
  patterns(layers, sequence) {
    const heads = layers.flatMap((layer) => layer.sequences[sequence].heads);
    const counts = Map.groupBy(heads.filter((head) => head.summary.pattern), (head) => head.summary.pattern);
    const bar = element("p", { class: "patterns", role: "group", "aria-label": "what heads look at" });
    if (!counts.size) return bar;
    bar.append("Half of their weight or more goes to: ");
    for (const name of Object.keys(WORDS).filter((name) => counts.has(name))) {
      const many = counts.get(name).length;
      const chip = button(`${WORDS[name]} ${many}`, { class: "chip", "data-pattern": name, "aria-pressed": "false" });
      chip.addEventListener("click", () => this.filter(bar, chip));
      bar.append(chip, " ");
    }
    return bar;
  }

  filter(bar, chip) {
    const isOn = chip.getAttribute("aria-pressed") === "true";
    for (const other of bar.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === chip && !isOn));
    for (const made of this.buttons.values()) {
      made.classList.toggle("dim", !isOn && made.dataset.pattern !== chip.dataset.pattern);
    }
  }

  legend(isPooled) {
    const canvas = element("canvas", { width: this.colours.length, height: 1, "aria-hidden": "true" });
    draw(canvas, this.colours.map((_, level) => level), this.colours);
    const words = " 1, by its square root; a row is a query, a column a key";
    const more = isPooled ? ". These small maps are of mean weights, and go from 0 to the largest of each" : "";
    return element("p", { class: "legend" }, "weight 0 ", canvas, `${words}${more}.`);
  }

  onKey(event) {
    const move = MOVES[event.key];
    const row = this.rows.findIndex((heads) => heads.includes(event.target));
    if (!move || row < 0) return;
    event.preventDefault();
    const column = this.rows[row].indexOf(event.target);
    const line = this.rows[row + move[0]];
    const next = line?.[Math.min(Math.max(column + move[1], 0), line.length - 1)];
    next?.focus();
    next?.click();
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
