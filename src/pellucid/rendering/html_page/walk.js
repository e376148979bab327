// Walks: of stops that stand below each other, one is shown at a time.

class Walk {
  constructor(root) {
    this.root = root;
    this.noun = root.dataset.noun;
    this.stops = [...root.querySelectorAll(":scope > .stop")];
    this.map = root.querySelector(":scope > figure.matrix");
    this.tabs = this.stops.map((stop, place) => this.makeTab(stop, place));
    this.back = button("‹", { "aria-label": `previous ${this.noun}`, title: "or the left arrow key" });
    this.on = button("›", { "aria-label": `next ${this.noun}`, title: "or the right arrow key" });
    this.progress = element("span", { class: "progress", "aria-live": "polite" });
    const list = element("div", { role: "tablist", "aria-label": `every ${this.noun}` });
    list.append(...this.tabs);
    const bar = element("div", { class: "stops" });
    bar.append(this.back, list, this.on, this.progress);
    this.stops[0].before(bar);
    this.back.addEventListener("click", () => this.show(this.place - 1));
    this.on.addEventListener("click", () => this.show(this.place + 1));
    bar.addEventListener("keydown", (event) => this.onKey(event));
    // On a page of its own the arrow keys go on from anywhere; in a notebook they are the notebook's.
    if (root.closest(".pellucid").parentElement === document.body) {
      document.addEventListener("keydown", (event) => event.target === document.body && this.onKey(event));
    }
    this.map?.addEventListener("click", ({ target }) => this.onRow(target.closest("tbody th")?.parentElement));
    this.show(0);
  }

  makeTab(stop, place) {
    const title = stop.querySelector("h3").textContent;
    const tab = button(title, { role: "tab", id: `${stop.id}-tab`, "aria-controls": stop.id });
    tab.addEventListener("click", () => this.show(place));
    stop.setAttribute("role", "tabpanel");
    stop.setAttribute("aria-labelledby", tab.id);
    return tab;
  }

  /** Goes to a stop; there is none before the first and none after the last. */
  show(place) {
    if (!this.stops[place]) return;
    const hadFocus = this.tabs.includes(document.activeElement);
    this.place = place;
    this.stops.forEach((stop, at) => (stop.hidden = at !== place));
    this.tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === place));
      tab.tabIndex = at === place ? 0 : -1;
    });
    this.back.disabled = place === 0;
    this.on.disabled = place === this.stops.length - 1;
    this.progress.textContent = `${this.noun} ${place + 1} of ${this.stops.length}`;
    const [tab, list] = [this.tabs[place], this.tabs[place].parentElement];
    list.scrollTop = tab.offsetTop - list.offsetTop - tab.offsetHeight; // many tabs scroll
    if (hadFocus) tab.focus({ preventScroll: true });
    this.markRow();
  }

  /** In the matrix of all stops, the row of this one; a window that has moved may not show it. */
  markRow() {
    for (const row of this.map?.querySelectorAll("tbody tr") ?? []) {
      row.classList.toggle("at", this.rowOf(row) === this.place);
    }
  }

  rowOf(row) {
    const cell = row.querySelector("td[data-index]");
    return cell ? Number(cell.dataset.index.split(",").at(-2)) : -1;
  }

  onRow(row) {
    if (row) this.show(this.rowOf(row));
  }

  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const to = {
      ArrowLeft: this.place - 1,
      ArrowRight: this.place + 1,
      Home: event.target === document.body ? undefined : 0,
      End: event.target === document.body ? undefined : this.stops.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.show(to);
  }
}
