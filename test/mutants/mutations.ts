import ts from "typescript";

/** One change of the source that a test has to notice. */
export interface Mutant { readonly line: number; readonly from: string; readonly to: string; readonly start: number; readonly end: number }

const universes = [["admin", "adviser", "assistant"], ["read", "write", "assign", "administer"]];
const comparisons: Readonly<Record<string, readonly string[]>> = {
  "===": ["!=="], "!==": ["==="], ">=": [">", "<"], ">": [">=", "<="], "<=": ["<", ">"], "<": ["<=", ">="],
};
const methods: Readonly<Record<string, string>> = { some: "every", every: "some", findLast: "find", find: "findLast" };

/** What may be wrong at one node, as texts to stand in its place. */
const wrongsOf = (node: ts.Node, text: (it: ts.Node) => string, isBoolean: (it: ts.Expression) => boolean): (readonly [ts.Node, string])[] => {
  const wrongs: (readonly [ts.Node, string])[] = [];
  if (ts.isBinaryExpression(node)) {
    const { left, right, operatorToken } = node;
    const operator = operatorToken.getText();
    if (["&&", "||", "??"].includes(operator)) wrongs.push([node, text(left)], [node, text(right)]);
    if (operator === "&&" || operator === "||") wrongs.push([operatorToken, operator === "&&" ? "||" : "&&"]);
    wrongs.push(...(comparisons[operator] ?? []).map((it) => [operatorToken, it] as const));
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) wrongs.push([node, text(node.operand)]);
  if (ts.isConditionalExpression(node)) wrongs.push([node, text(node.whenTrue)], [node, text(node.whenFalse)]);
  if (ts.isIfStatement(node)) wrongs.push([node.expression, "true"], [node.expression, "false"]);
  if (node.kind === ts.SyntaxKind.TrueKeyword) wrongs.push([node, "false"]);
  if (node.kind === ts.SyntaxKind.FalseKeyword) wrongs.push([node, "true"]);
  if (ts.isNumericLiteral(node)) wrongs.push([node, String(Number(node.text) + 1)]);
  if (ts.isStringLiteral(node) && ts.isBinaryExpression(node.parent)) wrongs.push([node, '"something else"']);
  if (ts.isArrayLiteralExpression(node)) {
    const elements = node.elements.map(text);
    if (elements.length > 0) wrongs.push([node, "[]"]);
    wrongs.push(...elements.map((gone) => [node, `[${elements.filter((it) => it !== gone).join(", ")}]`] as const));
    const names = node.elements.flatMap((it) => (ts.isStringLiteral(it) ? [it.text] : []));
    const universe = names.length === elements.length ? universes.find((all) => names.length > 0 && names.every((it) => all.includes(it))) : undefined;
    // Sets have no order, nor has what `every` looks at.
    const isSet = universe !== undefined || (ts.isPropertyAccessExpression(node.parent) && ["every", "some", "includes"].includes(node.parent.name.text));
    if (elements.length > 1 && !isSet) wrongs.push([node, `[${elements.toReversed().join(", ")}]`]);
    wrongs.push(...(universe ?? []).filter((it) => !names.includes(it)).map((it) => [node, `[${[...elements, `"${it}"`].join(", ")}]`] as const));
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    const other = methods[name.text];
    if (other) wrongs.push([name, other]);
    if (name.text === "filter") wrongs.push([node, text(expression)], [node, "[]"]);
    if (name.text === "map") wrongs.push([node, "[]"]);
  }
  if (ts.isExpressionStatement(node)) wrongs.push([node, ";"]);
  // Whatever says yes or no says the opposite, always yes, or always no.
  if (ts.isExpression(node) && isBoolean(node)) {
    if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node) || ts.isIdentifier(node)) wrongs.push([node, `!${text(node)}`]);
    if (ts.isArrowFunction(node.parent) && node.parent.body === node) wrongs.push([node, "true"], [node, "false"]);
  }
  return wrongs;
};

/** Every mutant of a module, in its order; schemas and types decide nothing. */
export const mutantsOf = (file: string): { readonly source: string; readonly mutants: readonly Mutant[] } => {
  const program = ts.createProgram([file], { strict: true, target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, allowImportingTsExtensions: true, noEmit: true, skipLibCheck: true, types: [] });
  const tree = program.getSourceFile(file);
  if (tree === undefined) throw new Error(`${file} cannot be read.`);
  const checker = program.getTypeChecker();
  const isBoolean = (it: ts.Expression): boolean => {
    if (ts.isIdentifier(it) && (ts.isPropertyAccessExpression(it.parent) || ts.isBindingElement(it.parent) || ts.isVariableDeclaration(it.parent) || ts.isPropertyAssignment(it.parent))) return false;
    return (checker.getTypeAtLocation(it).flags & ts.TypeFlags.BooleanLike) !== 0;
  };
  const found = new Map<string, Mutant>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isCallExpression(node) && node.expression.getText(tree).startsWith("z.")) return;
    for (const [at, to] of wrongsOf(node, (it) => it.getText(tree), isBoolean)) {
      const [start, end] = [at.getStart(tree), at.getEnd()];
      const from = tree.text.slice(start, end);
      if (from !== to) found.set(`${start} ${end} ${to}`, { line: tree.getLineAndCharacterOfPosition(start).line + 1, from, to, start, end });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { source: tree.text, mutants: [...found.values()].toSorted((a, b) => a.start - b.start || a.end - b.end) };
};
