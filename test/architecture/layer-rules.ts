import { posix } from 'node:path';
import { type Arrow, importTable, type LayerRow, oursOf, reaches, rowOf, unitName } from './import-table.ts';
import { importsOf, type ModuleImport, parseModule, type SyntaxNode, walk } from './module-imports.ts';

/** Sources by their path relative to `src/`, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;

/** What a pure protocol may not name: it gets time, randomness and waiting from outside. */
const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  'Date',
  'Promise',
  'clearInterval',
  'clearTimeout',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

/** Every breach of the layering, as sentences; empty when the sources keep the rules. */
export function findBreaches(sources: Sources, table: readonly LayerRow[] = importTable): string[] {
  const breaches: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [file, source] of sources) {
    const row = rowOf(file, table);
    if (row === undefined) {
      breaches.push(`${file}: no row of the import table covers it`);
      continue;
    }
    const program = parseModule(file, source);
    const imports = importsOf(program);
    graph.set(file, ownTargets(file, imports, sources));
    for (const found of imports) {
      const breach = judgeImport(file, row, found, sources, table);
      if (breach !== undefined) breaches.push(`${file}: ${breach}`);
    }
    if (row.path.startsWith('protocol/')) {
      for (const impurity of findImpurities(program)) breaches.push(`${file}: ${impurity} in the protocol layer`);
    }
  }
  for (const cycle of findCycles(graph)) breaches.push(`import cycle: ${cycle.join(' -> ')}`);
  return breaches;
}

function resolveOwn(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

function ownTargets(file: string, imports: readonly ModuleImport[], sources: Sources): string[] {
  return imports
    .flatMap(({ specifier }) => (specifier?.startsWith('.') ? [resolveOwn(file, specifier)] : []))
    .filter((target) => sources.has(target));
}

function judgeImport(
  file: string,
  row: LayerRow,
  { specifier, isTypeOnly }: ModuleImport,
  sources: Sources,
  table: readonly LayerRow[],
): string | undefined {
  if (specifier === undefined) return 'a computed import() cannot be checked';
  if (specifier.startsWith('node:')) {
    if (row.node === 'all') return undefined;
    const builtin = specifier.slice('node:'.length).split('/')[0] ?? '';
    return judgeArrow(
      isTypeOnly,
      specifier,
      row.node.find((arrow) => arrow.to === builtin),
    );
  }
  if (!specifier.startsWith('.')) {
    const isAllowed = row.libraries.some((library) => reaches(library, specifier));
    return isAllowed ? undefined : `may not import the package ${specifier}`;
  }
  const target = resolveOwn(file, specifier);
  if (!sources.has(target)) return `imports ${specifier}, which is not a file below src (write the .ts)`;
  const targetRow = rowOf(target, table);
  if (targetRow === undefined || targetRow === row) return undefined;
  const unit = unitName(targetRow);
  return judgeArrow(
    isTypeOnly,
    unit,
    oursOf(row, table).find((arrow) => reaches(arrow.to, unit)),
  );
}

function judgeArrow(isTypeOnly: boolean, what: string, arrow: Arrow | undefined): string | undefined {
  if (arrow === undefined) return `may not import ${what}`;
  if (arrow.only === 'types only' && !isTypeOnly) return `may import only types of ${what}`;
  return undefined;
}

/** A name that is only a label: `x.Date`, `{ Date: 1 }`, a member called so. */
function isLabel(parent: SyntaxNode | undefined, field: string): boolean {
  return (field === 'property' || field === 'key') && parent?.['computed'] !== true && parent?.['shorthand'] !== true;
}

function findImpurities(program: SyntaxNode): Set<string> {
  const found = new Set<string>();
  walk(program, (node, parent, field) => {
    if (node['async'] === true) found.add('an async function');
    if (node.type === 'AwaitExpression') found.add('await');
    if (node.type === 'Identifier' && IMPURE_GLOBALS.has(String(node['name'])) && !isLabel(parent, field)) {
      found.add(String(node['name']));
    }
    if (
      node.type === 'MemberExpression' &&
      nameOf(node['object']) === 'Math' &&
      nameOf(node['property']) === 'random'
    ) {
      found.add('Math.random');
    }
  });
  return found;
}

function nameOf(node: unknown): unknown {
  const { name, value } = node as { name?: unknown; value?: unknown };
  return name ?? value;
}

/** One cycle for every import that closes one, found depth first. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}
