// Reading one row: the text tinted by weight, the keys with the largest weights, and the row's arithmetic.

class Reading {
  /**
   * @param onChoose called with the place of a token that was clicked.
   * @param onNumber called with an element of the page that stands for a number.
   */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.direction = "row";
    this.text = element("div", { class: "text" });
    this.bars = element("ol", { class: "bars" });
    this.title = element("h3", {});
    this.note = element("p", { class: "left-out" });
    this.switches = element("p", { class: "directions", role: "group", "aria-label": "direction" });
    this.box = element("div", { class: "reading" }, this.switches, this.text, this.title, this.bars, this.note);
    this.box.addEventListener("keydown", (event) => this.onKey(event));
  }

  async show(head, place, colours) {
    await head.loadWeights();
    this.head = head;
    this.colours = colours;
    const isRow = this.direction === "row";
    const count = isRow ? head.queryCount : head.keyCount;
    this.place = Math.min(place, count - 1);
    const levels = isRow ? head.levelsOfRow(this.place) : head.levelsOfColumn(this.place);
    this.drawSwitches();
    this.drawText(levels);
    this.drawBars(levels);
  }

  drawSwitches() {
    const sides = [
      ["row", "what a token looks at"],
      ["column", "what looks at a token"],
    ];
    this.switches.replaceChildren(
      ...sides.map(([direction, words]) => {
        const made = button(words, { class: "chip", "aria-pressed": String(direction === this.direction) });
        made.addEventListener("click", () => {
          this.direction = direction;
          this.onChoose(this.place);
        });
        return made;
      }),
    );
  }

  /** One text where queries and keys are the same, else one of each. */
  drawText(levels) {
    const { head } = this;
    const isRow = this.direction === "row";
    const [chosen, tinted] = isRow ? [head.queries, head.keys] : [head.keys, head.queries];
    const names = isRow ? ["queries", "keys"] : ["keys", "queries"];
    const marks = isRow ? [head.queryMarks, head.keyMarks] : [head.keyMarks, head.queryMarks];
    const lines = head.isOneText
      ? [this.line("", tinted, levels, true, marks[0])]
      : [this.line(names[0], chosen, new Map(), true, marks[0]), this.line(names[1], tinted, levels, false, marks[1])];
    const before = this.text.firstChild?.scrollTop ?? 0;
    this.text.replaceChildren(...lines);
    this.bringInSight(lines[0], before);
  }

  line(name, tokens, levels, isChoice, marks) {
    const line = element("p", { class: `tokens ${isChoice ? "choice" : ""}` });
    if (name) line.append(element("span", { class: "name" }, name), " ");
    tokens.forEach((token, place) => {
      const level = levels.get(place) ?? 0;
      const isChosen = isChoice && place === this.place;
      const made = isChoice ? button(token, { class: "token" }) : element("span", { class: "token" }, token);
      made.title = this.titleOf(place, levels);
      if (marks[place]) {
        made.classList.add(marks[place]);
        made.title += ` (${marks[place]})`;
      }
      if (isChoice && this.isOpened(place)) made.classList.add("opened");
      if (isChoice) {
        made.tabIndex = isChosen ? 0 : -1;
        made.dataset.place = place;
        made.setAttribute("aria-pressed", String(isChosen));
      }
      if (level) made.style.setProperty("--shade", this.colours[level]);
      if (level > this.colours.length * 0.55) made.classList.add("strong");
      line.append(made, " ");
    });
    if (isChoice) {
      line.addEventListener("click", (event) => {
        const { place } = event.target.dataset;
        if (place !== undefined) this.onChoose(Number(place), true);
      });
    }
    return line;
  }

  /** Whether this is one of the few rows whose arithmetic the page carries. */
  isOpened(place) {
    const { rows } = this.head.data;
    return this.direction === "row" && rows !== undefined && rows.length < this.head.queryCount && rows.includes(place);
  }

  /** Scrolls a long text no further than the chosen token needs. */
  bringInSight(line, before) {
    const { offsetTop, offsetHeight } = line.querySelector('[aria-pressed="true"]');
    line.scrollTop = before;
    const isSeen = offsetTop >= before && offsetTop + offsetHeight <= before + line.clientHeight;
    if (!isSeen) line.scrollTop = offsetTop - line.clientHeight / 2;
  }

  titleOf(place, levels) {
    if (!levels.has(place)) return `${place}`;
    return `${place}: ${this.weightAt(place) ?? this.head.recorded.range(levels.get(place))}`;
  }

  weightAt(place) {
    return this.direction === "row" ? this.head.text(this.place, place) : this.head.text(place, this.place);
  }

  drawBars(levels) {
    const { head, place } = this;
    const isRow = this.direction === "row";
    const [own, others] = isRow ? [head.queries, head.keys] : [head.keys, head.queries];
    this.title.replaceChildren(
      isRow ? "What " : "What looks at ",
      element("em", {}, own[place]),
      ` (${place})`,
      isRow ? " looks at" : "",
    );
    const known = [...levels]
      .map(([other, level]) => ({ other, level, text: this.weightAt(other) }))
      .filter(({ level, text }) => (text === null ? level : codeOf(text)) > 0)
      .sort((one, two) => two.level - one.level || codeOf(two.text ?? "0") - codeOf(one.text ?? "0"));
    this.bars.replaceChildren(...known.slice(0, this.head.recorded.data.telling).map((bar) => this.bar(bar, others)));
    this.note.textContent = this.words(known.length, isRow);
  }

  bar({ other, level, text }, names) {
    const strip = element("span", { class: "strip" });
    const share = text ?? this.head.recorded.data.bounds[level];
    strip.style.width = `${100 * Number(share)}%`;
    const label = element("span", { class: "label" }, `${names[other]} `, element("small", {}, String(other)));
    const value = element("span", { class: "weight" }, text ?? this.head.recorded.range(level));
    return element("li", {}, label, element("span", { class: "room" }, strip), value);
  }

  words(count, isRow) {
    const { head } = this;
    if (isRow && head.isPooled && head.place(this.place) < 0) {
      if (!head.listed(this.place)) return "The page lists no weights of this row.";
      return `The page knows the ${head.data.listed.top} largest weights of this row.`;
    }
    if (!isRow && head.isPooled) {
      const { top, every } = head.data.listed;
      return `Queries that have it among their ${top} largest weights${every > 1 ? `, of one in ${every}` : ""}.`;
    }
    const { telling } = head.recorded.data;
    return count > telling ? `and ${count - telling} more that can be told from nothing` : "";
  }

  onKey(event) {
    const move = MOVES[event.key];
    if (!move || !event.target.matches(".choice .token")) return;
    event.preventDefault();
    const count = this.direction === "row" ? this.head.queryCount : this.head.keyCount;
    const step = Number.isFinite(move[1]) ? move[0] + move[1] : move[1];
    this.onChoose(Math.min(count - 1, Math.max(0, this.place + step)), true);
  }

  focus() {
    this.text.querySelector('.choice [tabindex="0"]')?.focus();
  }
}

const COLUMNS = ["scores", "scaled_scores", "capped_scores", "bias", "biased_scores", "mask", "masked_scores", "weights", "changed_weights"];

/** The arithmetic of one row: a line a key, every number to be clicked. */
class Arithmetic {
  constructor() {
    this.box = element("section", { class: "row-arithmetic" });
  }

  async show(head, query) {
    const place = head.place(query);
    this.head = head;
    this.query = query;
    const title = element("h2", {}, "The arithmetic of ", element("em", {}, head.queries[query]), ` (${query})`);
    if (place < 0) {
      this.box.replaceChildren(title, this.missing());
      return;
    }
    const steps = [...head.derivation.steps.values()];
    await Promise.all(steps.map((step) => step.load()));
    if (this.head !== head || this.query !== query) return;
    this.place = place;
    const columns = COLUMNS.map((name) => head.derivation.step(name)).filter((step) => step && !step.data.copyOf);
    this.box.replaceChildren(
      title,
      element("p", { class: "hint" }, "Click a number to see where it comes from, then its operands to walk on."),
      this.vector("query", place),
      this.keys(columns, false),
      this.vector("output", place),
    );
  }

  missing() {
    const { layer, number, data } = this.head;
    if (data.refused) return element("p", {}, data.refused);
    const words = data.rows?.length
      ? "The page carries the arithmetic of the tokens with a dotted line. For this one: "
      : "The page carries no arithmetic of this head. For this row: ";
    const command = `${this.head.recorded.data.command} --layer ${layer.number} --head ${number} --query ${this.query}`;
    return element("p", {}, words, element("code", {}, command));
  }

  cell(step, index, tag = "td") {
    const made = element(tag, { "data-step": step.name, "data-index": index.join(","), role: "button", tabindex: "-1" });
    made.append(...number(step.aligned(index)));
    made.classList.add("number", `role-${step.role}`);
    return made;
  }

  /** A row of query or output, all its features. */
  vector(name, row) {
    const step = this.head.derivation.step(name);
    const numbers = Array.from({ length: step.shape[1] }, (_, column) => this.cell(step, [row, column], "span"));
    const caption = element("figcaption", { class: `role-${step.role}` }, element("span", { class: "name" }, name), ` ${step.shape[1]} numbers`);
    return element("figure", { class: "vector" }, caption, element("div", { class: "numbers" }, ...numbers.flatMap((made) => [made, " "])));
  }

  keys(columns, isAll) {
    const { head, query } = this;
    const every = head.keys.map((_, key) => key);
    const weights = every.map((key) => codeOf(head.text(query, key)));
    const best = [...every].sort((one, two) => weights[two] - weights[one]).slice(0, head.recorded.data.telling);
    const shown = isAll ? every : best.sort((one, two) => one - two);
    const heading = columns.map((step) => element("th", { scope: "col" }, step.title));
    const rows = shown.map((key) => {
      const label = element("th", { scope: "row" }, `${head.keys[key]} `, element("small", {}, String(key)));
      return element("tr", {}, label, ...columns.map((step) => this.cell(step, [this.place, key])));
    });
    const table = element("table", {}, element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "key"), ...heading)), element("tbody", {}, ...rows));
    const figure = element("figure", { class: "keys" }, element("div", { class: "scroll" }, table));
    if (shown.length < every.length) {
      const more = button(`show all ${every.length.toLocaleString("en")} keys`, { class: "chip" });
      more.addEventListener("click", () => {
        figure.replaceWith(this.keys(columns, true));
        this.onWrite();
      });
      figure.append(element("p", { class: "left-out" }, `the ${shown.length} with the largest weights, in their order; `, more));
    }
    return figure;
  }

  onWrite() {}
}
