// Patterns become expressions, and expressions become HTML: the counterparts of operations/pattern.py and
// expressions/html.py. Numbers arrive as text and stay text.

/** A new element with attributes and children. */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A button with attributes and content. */
const button = (content, attributes = {}) => element("button", { type: "button", ...attributes }, ...[content].flat());

/** Text that is copied and read aloud, but not seen. */
const unseen = (text) => element("span", { class: "unseen" }, text);

/** A printed number; its hyphen is shown as a minus sign. */
const number = (text) => (text.startsWith("-") ? [element("i", { class: "minus" }, "-"), text.slice(1)] : [text]);

// Binding: an index is put into a pattern.

/** A position along an axis: a number, or the name of a sum's variable that has no value here. */
function positionAt(position, scope) {
  const start =
    typeof position.variable === "string" ? scope.variables[position.variable] : scope.index[position.variable];
  if (typeof start === "string") return start;
  const plus = typeof position.plus === "number" ? position.plus : positionAt(position.plus, scope);
  const place = Math.floor((start * position.times + plus) / position.over);
  return position.modulo ? place % position.modulo : place;
}

const indexOf = (operand, scope) => operand.index.map((position) => positionAt(position, scope));
const elementOf = (operand, scope) => ({
  type: "Element",
  step: scope.operands[operand.operand],
  index: indexOf(operand, scope),
});
const within = (scope, variable, value) => ({ ...scope, variables: { ...scope.variables, [variable]: value } });

/** The elements that a node over a whole row looks at. */
const rowOf = ({ variable, count, operand }, scope) =>
  Array.from({ length: count }, (_, k) => elementOf(operand, within(scope, variable, k)));

/** Which branch a condition takes, and the elements that decide it; unknown numbers take the first branch. */
function decide(node, scope) {
  if (node.type === "ByParity") {
    return { branch: positionAt(node.position, scope) % 2 ? node.odd : node.even, because: [] };
  }
  const because = node.type === "IfTrue" ? [elementOf(node.condition, scope)] : rowOf(node.largest, scope);
  const no = node.type === "IfTrue" ? "0" : "-∞";
  const fails = because.every(({ step, index }) => step.text(index) === no);
  return { branch: fails ? node.otherwise : node.then, because: fails || node.type === "IfTrue" ? because : [] };
}

/**
 * The expression of one element.
 * @param scope operands (steps), index, variables, and `symbolic`: whether sums keep their variable.
 */
function bind(node, scope) {
  const visit = (part) => bind(part, scope);
  switch (node.type) {
    case "Operand":
      return elementOf(node, scope);
    case "SumOver":
      if (scope.symbolic) return { ...node, body: bind(node.body, within(scope, node.variable, node.variable)) };
      return { type: "Sum", count: node.count, term: (k) => bind(node.body, within(scope, node.variable, k)) };
    case "Sum": {
      const terms = node.terms.map(visit);
      const [first, last] = terms;
      if (first.type === "Sum" && terms.length === 2) {
        // x W + b reads as one sum
        return { type: "Sum", count: first.count + 1, term: (k) => (k < first.count ? first.term(k) : last) };
      }
      return { type: "Sum", count: terms.length, term: (k) => terms[k] };
    }
    case "LookedUp": {
      const row = elementOf(node.row, scope);
      const index = [Number(row.step.text(row.index)), positionAt(node.column, scope)];
      return { type: "Element", step: scope.operands[node.table], index };
    }
    case "PositionOfLargestOver":
      return { type: "PositionOfLargest", operands: rowOf(node, scope) };
    case "PositionNumber":
      return { type: "Number", text: String(positionAt(node.position, scope)) };
    case "IfTrue":
    case "IfFinite":
    case "ByParity":
      return visit(decide(node, scope).branch);
    case "Number":
    case "Name":
      return node;
  }
  const parts = Object.entries(node).map(([name, part]) => {
    if (name === "type") return [name, part];
    return [name, Array.isArray(part) ? part.map(visit) : visit(part)];
  });
  return Object.fromEntries(parts);
}

/** The nodes that an expression is made of. */
function partsOf(node) {
  if (node.type === "Sum" && node.term) return Array.from({ length: node.count }, (_, k) => node.term(k));
  return Object.values(node)
    .flat()
    .filter((part) => part && typeof part === "object" && "type" in part);
}

/** Every element that an expression names. */
const leaves = (node) => (node.type === "Element" ? [node] : partsOf(node).flatMap(leaves));

/** The elements that decide which branches a pattern takes. */
function reasons(node, scope) {
  if (["IfTrue", "IfFinite", "ByParity"].includes(node.type)) {
    const { branch, because } = decide(node, scope);
    return [...because, ...reasons(branch, scope)];
  }
  return node.type === "Operand" || node.type === "SumOver"
    ? []
    : partsOf(node).flatMap((part) => reasons(part, scope));
}

// Printing

const [SUM, PRODUCT, QUOTIENT, POWER, ATOM] = [0, 1, 2, 3, 4]; // how tightly a node holds together

const plainText = (nodes) => nodes.map((node) => (typeof node === "string" ? node : node.textContent)).join("");

/** How an element was given, where that is more than a number. */
const written = (node) => (node.type === "Element" ? node.step.writtenAt(node.index) : null);

/** Whether a node is printed as a single negative number. */
function isNegative(node) {
  if (node.type === "Number") return node.text.startsWith("-");
  return node.type === "Element" && !written(node) && (node.step.text(node.index) ?? "").startsWith("-");
}

class Printer {
  /**
   * @param most terms of a sum that are printed before the middle is left out.
   * @param printElement makes an element of an array from it and its printed number.
   */
  constructor(most, printElement) {
    this.most = most;
    this.printElement = printElement;
    this.inExponent = false;
    this.leftOut = 0; // the length of the longest sum that was shortened
  }

  print(node, place = SUM) {
    const isStacked = (written(node) ?? node).type === "Quotient" && !this.inExponent;
    return this.bracketed(node, place, isStacked);
  }

  bracketed(node, place, hide) {
    const [printed, tightness] = this.node(node);
    if (tightness >= place) return printed;
    return hide ? [unseen("("), ...printed, unseen(")")] : ["(", ...printed, ")"];
  }

  node(node) {
    switch (node.type) {
      case "Number":
        return this.number(node.text);
      case "Name":
        return [[node.name], ATOM];
      case "Element":
        return this.element(node);
      case "Negative":
        return [[...number("-"), ...this.print(node.operand, PRODUCT)], SUM];
      case "Sum":
        return node.count === 1 ? this.node(node.term(0)) : [this.sum(node), SUM];
      case "SumOver":
        return [
          ["Σ", element("sub", {}, element("var", {}, node.variable)), " ", ...this.print(node.body, PRODUCT)],
          SUM,
        ];
      case "Product":
        return [this.product(node), PRODUCT];
      case "Quotient":
        return [this.quotient(node), isNegative(node.numerator) ? SUM : PRODUCT];
      case "Power":
        return [this.power(this.print(node.base, ATOM), node.exponent), POWER];
      case "Exponential":
        return [this.power([element("span", { class: "euler" }, "e")], node.exponent), POWER];
      case "SquareRoot":
        return [
          [element("span", { class: "root" }, "√", element("span", {}, ...this.bracketed(node.radicand, ATOM, true)))],
          ATOM,
        ];
      case "Sine":
        return [["sin(", ...this.print(node.angle), ")"], POWER];
      case "Cosine":
        return [["cos(", ...this.print(node.angle), ")"], POWER];
      case "HyperbolicTangent":
        return [["tanh(", ...this.print(node.argument), ")"], POWER];
      case "ErrorFunction":
        return [["erf(", ...this.print(node.argument), ")"], POWER];
      case "Logarithm":
        return [["ln(", ...this.print(node.argument), ")"], POWER];
      case "Largest":
        return [["max(", ...this.listed(node.operands), ")"], POWER];
      case "PositionOfLargest":
        return [["argmax(", ...this.listed(node.operands), ")"], POWER];
    }
    throw new TypeError(`${node.type} cannot be printed`);
  }

  number(text) {
    return [number(text), text.startsWith("-") ? SUM : ATOM];
  }

  element(node) {
    const text = node.step.text(node.index);
    const [printed, tightness] = written(node) ? this.node(written(node)) : this.number(text ?? "");
    return [[this.printElement(node, printed)], text === null ? ATOM : tightness];
  }

  sum(node) {
    const isShort = node.count <= this.most;
    const kept = isShort ? node.count : Math.max(1, this.most - 1);
    const shown = Array.from({ length: kept }, (_, k) => this.term(node.term(k), k === 0));
    if (!isShort) {
      this.leftOut = Math.max(this.leftOut, node.count);
      shown.push(element("span", { class: "term" }, "+ …"), this.term(node.term(node.count - 1), false));
    }
    return shown.flatMap((term, k) => (k ? [" ", term] : [term]));
  }

  listed(operands) {
    const isShort = operands.length <= this.most;
    const kept = isShort ? operands.length : Math.max(1, this.most - 1);
    const shown = operands.slice(0, kept).map((operand) => this.print(operand));
    if (!isShort) {
      this.leftOut = Math.max(this.leftOut, operands.length);
      shown.push(["…"], this.print(operands.at(-1)));
    }
    return shown.flatMap((printed, k) => (k ? [", ", ...printed] : printed));
  }

  term(node, isFirst) {
    const isNegated = node.type === "Negative";
    const printed = this.print(isNegated ? node.operand : node, PRODUCT);
    const sign = isNegated ? [...number("-"), " "] : isFirst ? [] : ["+ "];
    return element("span", { class: "term" }, ...sign, ...printed);
  }

  product(node) {
    return node.factors.flatMap((factor, k) => {
      const printed = this.print(factor, QUOTIENT);
      return k ? [element("span", { class: "times" }, "×"), ...printed] : printed;
    });
  }

  quotient(node) {
    const place = isNegative(node.numerator) ? SUM : PRODUCT;
    if (this.inExponent) return [...this.print(node.numerator, place), "/", ...this.print(node.denominator, POWER)];
    const above = element("span", {}, ...this.bracketed(node.numerator, place, true));
    const below = element("span", {}, ...this.bracketed(node.denominator, POWER, true));
    return [element("span", { class: "fraction" }, above, unseen("/"), below)];
  }

  power(base, exponent) {
    const outer = this.inExponent;
    this.inExponent = true;
    const [printed, tightness] = this.node(exponent);
    this.inExponent = outer;
    const isBare = tightness === ATOM || /^-[\d.]+$/.test(plainText(printed));
    const raised = element("sup", {}, ...printed);
    return isBare ? [...base, unseen("^"), raised] : [...base, unseen("^("), raised, unseen(")")];
  }
}
