// The numbers of the page's data: texts by step and index, unpacked when they are first needed.

/** What is compressed in the data, as a response that can be read as text or as bytes. */
function unpacked({ gzip }) {
  const bytes = Uint8Array.from(atob(gzip), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

/** What a text of the data says, which may be compressed. */
const unpack = async (packed) => (typeof packed === "string" ? packed : unpacked(packed).text());

/** One step of a derivation; a copy shares the numbers of what it is a copy of. */
class Step {
  constructor(name, data, derivation) {
    this.name = name;
    this.data = data;
    this.derivation = derivation;
    this.source = data.copyOf ? derivation.step(data.copyOf).source : this;
    this.key = `${derivation.number}.${this.source.name}`; // the same for a step and its copies
    this.shape = data.axes.map((axis) => axis.size);
    this.isBlank = Boolean(data.blank);
    this.role = data.role;
    this.title = name.split(".").pop().replaceAll("_", " ");
  }

  /** The steps this one is computed from; of a copy, what it is a copy of. */
  get operands() {
    return (this.source.data.operands ?? []).map((name) => this.derivation.step(name).source);
  }

  get pattern() {
    return this.source.data.pattern ?? null;
  }

  /** Unpacks the numbers; the methods below need that to have happened. */
  load() {
    if (this.source !== this) return this.source.load();
    this.loading ??= Promise.all([unpack(this.data.texts ?? ""), unpack(this.data.shades ?? "")]).then(
      ([texts, shades]) => {
        this.texts = texts ? texts.split(" ") : [];
        this.shades = shades;
      },
    );
    return this.loading;
  }

  /** Where the number at an index is kept; -1 when the page does not carry it. */
  offset(index) {
    const kept = this.source.data.rows;
    let offset = 0;
    for (const [axis, position] of index.entries()) {
      const isRow = kept && axis === this.shape.length - 2;
      const place = isRow ? kept.indexOf(position) : position;
      if (place < 0) return -1;
      offset = offset * (isRow ? kept.length : this.shape[axis]) + place;
    }
    return offset;
  }

  entry(index) {
    return this.isBlank ? undefined : this.source.texts[this.offset(index)];
  }

  /** The number as expressions print it; null when the page does not carry it. */
  text(index) {
    return this.entry(index)?.split(/[|=]/, 1)[0] ?? null;
  }

  /** The number as its matrix prints it, with as many places as its neighbours. */
  aligned(index) {
    const entry = this.entry(index) ?? "";
    const [alone, padding] = entry.split("|");
    return padding === undefined ? entry.split("=").pop() : alone + padding;
  }

  /** How an input was given, where that is more than a number. */
  writtenAt(index) {
    return this.source.data.written?.[index.join(",")] ?? null;
  }

  /** How dark a cell is, 0 to 1. */
  shade(index) {
    return parseInt(this.source.shades[this.offset(index)] ?? "0", 16) / 15;
  }

  axisLabel(axis, position) {
    const { labels } = this.data.axes[axis];
    return labels === null || typeof position === "string"
      ? String(position)
      : this.derivation.labels[labels][position];
  }

  /** The position along an axis that a reader has typed, a number or a token; -1 when there is none. */
  axisPosition(axis, typed) {
    const { labels, size } = this.data.axes[axis];
    const named = labels === null ? -1 : this.derivation.labels[labels].indexOf(typed);
    if (named >= 0) return named;
    const position = /^\d+$/.test(typed) ? Number(typed) : -1;
    return position < size ? position : -1;
  }

  /** "sitting, dog" */
  place(index) {
    return index.map((position, axis) => this.axisLabel(axis, position)).join(", ");
  }
}

/** The steps of one derivation by name; `labels` are those of the whole page. */
class Derivation {
  constructor(data, number, labels) {
    this.number = number;
    this.labels = labels;
    this.steps = new Map();
    for (const [name, step] of Object.entries(data.steps)) this.steps.set(name, new Step(name, step, this));
  }

  step(name) {
    return this.steps.get(name);
  }
}
