// One head as the page carries it: its map, its rows, its largest weights; and the words for them.

const WORDS = {
  previous: "previous token",
  own: "itself",
  first: "first token",
  same_word: "same word",
  induction: "what followed before",
};
const LETTERS = "0123456789abcdefghijklmnopqrstuv"; // of the levels

/** What the whole page knows. */
class Recorded {
  constructor(data) {
    this.data = data;
    this.layers = data.layers;
    this.derivations = data.derivations.map((derivation, number) => new Derivation(derivation, number, data.labels));
    this.codes = data.bounds.map((text) => codeOf(text));
  }

  /** Names of the tokens of an axis; numbers where there are none. */
  tokens(text, count) {
    return text === null ? Array.from({ length: count }, (_, place) => String(place)) : this.data.texts[text];
  }

  /** The range of weights that a level stands for. */
  range(level) {
    const { bounds } = this.data;
    if (level === 0) return `less than ${bounds[1]}`;
    return level + 1 < bounds.length ? `${bounds[level]} to ${bounds[level + 1]}` : `more than ${bounds[level]}`;
  }

  /** The level of a printed weight. */
  levelOf(text) {
    const code = codeOf(text);
    return this.codes.findLastIndex((least) => least <= code);
  }
}

/** A printed weight of four places as a whole number, to be compared and never printed. */
const codeOf = (text) => {
  const [whole, places = ""] = text.split(".");
  return Number(whole + places.padEnd(4, "0").slice(0, 4));
};

/** A whole number of four places as it is printed. */
const textOf = (code) => {
  const digits = String(code).padStart(5, "0");
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
};

class Head {
  constructor(recorded, layer, sequence, number) {
    const own = layer.sequences[sequence];
    [this.queryCount, this.keyCount] = layer.shape;
    Object.assign(this, { recorded, layer, sequence, number, data: own.heads[number] });
    this.queries = recorded.tokens(own.queries, this.queryCount);
    this.keys = recorded.tokens(own.keys, this.keyCount);
    [this.queryMarks, this.keyMarks] = own.marks; // of tokens that are no words of the text, by place
    this.isOneText = own.queries !== null && own.queries === own.keys;
    this.derivation = recorded.derivations[this.data.derivation] ?? null;
    this.isPooled = this.data.cell.some((size) => size > 1);
  }

  get title() {
    return `layer ${this.layer.number}, head ${this.number}`;
  }

  /** Unpacks everything but derivations. */
  load() {
    this.loading ??= this.unpackAll();
    return this.loading;
  }

  async unpackAll() {
    const bytes = async (packed) => new Uint8Array(await unpacked(packed).arrayBuffer());
    const { largest, mean, listed, shades } = this.data;
    const [maps, mostOf, keys, weights, rows] = await Promise.all([
      bytes(largest),
      mean && bytes(mean),
      bytes(listed.keys),
      bytes(listed.weights),
      Promise.all((shades ?? []).map(unpack)),
    ]);
    Object.assign(this, { maps: { largest: maps, mean: mostOf }, listedKeys: keys, listedWeights: weights, shades: rows });
  }

  /** The level of a cell of the map. */
  cell(row, column, kind = "largest") {
    return this.maps[kind][row * this.data.size[1] + column];
  }

  /** Where in the derivation a query's row is; -1 when it is not carried. */
  place(query) {
    return this.derivation ? this.data.rows.indexOf(query) : -1;
  }

  get weights() {
    return this.derivation.step("changed_weights") ?? this.derivation.step("weights");
  }

  loadWeights() {
    return this.derivation ? this.weights.load() : null;
  }

  /** A weight as it is printed; null where the page does not carry it. Numbers must have been loaded. */
  text(query, key) {
    const place = this.place(query);
    if (place >= 0) return this.weights.aligned([place, key]) || null;
    return this.listed(query)?.get(key) ?? null;
  }

  /** The largest weights of a query, by key; null where the page does not list them. */
  listed(query) {
    const { first, every, top } = this.data.listed;
    if (query < first || (query - first) % every) return null;
    const start = ((query - first) / every) * top;
    const at = (planes, place) => {
      const size = planes.length / 3;
      return planes[place] + 256 * planes[size + place] + 65536 * planes[2 * size + place];
    };
    const found = new Map();
    for (let place = start; place < start + top; place += 1) {
      const code = at(this.listedWeights, place);
      if (code) found.set(at(this.listedKeys, place), textOf(code));
    }
    return found;
  }

  /** Levels of a query's weights by key: of all keys, or of those that the page knows. */
  levelsOfRow(query) {
    const place = this.place(query);
    if (!this.isPooled) return new Map(this.keys.map((_, key) => [key, this.cell(query, key)]));
    if (place >= 0) return new Map(this.keys.map((_, key) => [key, LETTERS.indexOf(this.shades[place][key])]));
    return this.levelsOf(this.listed(query) ?? new Map());
  }

  /** Levels of the weights that queries give a key. */
  levelsOfColumn(key) {
    if (!this.isPooled) return new Map(this.queries.map((_, query) => [query, this.cell(query, key)]));
    return this.levelsOf(this.listedColumn(key));
  }

  listedColumn(key) {
    const found = new Map();
    const { first, every } = this.data.listed;
    for (let query = first; query < this.queryCount; query += every) {
      const text = this.listed(query).get(key);
      if (text) found.set(query, text);
    }
    return found;
  }

  levelsOf(texts) {
    return new Map([...texts].map(([place, text]) => [place, this.recorded.levelOf(text)]));
  }

  /** What it does, in a few words. */
  get words() {
    const { pattern, entropy, evenness, shares } = this.data.summary;
    const parts = pattern ? [`looks at: ${WORDS[pattern]} (${shares[pattern]} of its weight)`] : [];
    if (entropy !== null) parts.push(`entropy ${entropy} bits, ${evenness} of the most there can be`);
    const others = Object.entries(shares).filter(([name]) => name !== pattern);
    if (others.length) parts.push(others.map(([name, share]) => `${WORDS[name]} ${share}`).join(", "));
    return parts;
  }
}
