// What there is to say about one number of a derivation.

/** What there is to say about a number whose operands are loaded. */
function makeChoice(step, index) {
  const { pattern } = step;
  const scope = { operands: step.operands, index, variables: {} };
  const expression = pattern ? bind(pattern, scope) : step.writtenAt(index);
  const symbols = pattern && bind(pattern, { ...scope, symbolic: true });
  const because = pattern ? reasons(pattern, scope) : [];
  const operands = pattern ? [...leaves(expression), ...because] : [];
  const lit = new Map(); // by key of their step, the indices of the operands
  for (const operand of operands) {
    if (!lit.has(operand.step.key)) lit.set(operand.step.key, new Set());
    lit.get(operand.step.key).add(operand.index.join(","));
  }
  const isSecret = step.isBlank || operands.some((operand) => operand.step.isBlank);
  return { step, index, expression, symbols, because, operands, lit, isSecret };
}
