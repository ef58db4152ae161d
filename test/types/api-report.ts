import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { isNode, type SyntaxNode, walk } from '../architecture/module-imports.ts';

/** A declaration that users of the package can see. */
export interface PublicDeclaration {
  readonly name: string;
  /** The file that declares it, below `dist`. */
  readonly file: string;
  /** False of what exported types mention without being exported themselves. */
  readonly isExported: boolean;
  /** Its text without comments and private members. */
  readonly text: string;
  /** Its text as it is published. */
  readonly source: string;
}

interface Place {
  readonly file: string;
  readonly name: string;
}

interface Module {
  readonly source: string;
  /** Names that are declared elsewhere, by the names they have here. */
  readonly imports: Map<string, Place>;
  readonly declarations: Map<string, SyntaxNode[]>;
  readonly exports: Map<string, Place>;
  readonly comments: readonly { readonly start: number; readonly end: number }[];
}

/** Reads the declarations that `entry`, below `folder`, exports, and all that they mention. */
export function readPublicTypes(folder: URL, entry = 'index.d.ts'): PublicDeclaration[] {
  const modules = new Map<string, Module>();
  const load = (file: string): Module => {
    const known = modules.get(file);
    if (known !== undefined) return known;
    const made = parseModule(file, readFileSync(new URL(file, folder), 'utf8'));
    modules.set(file, made);
    return made;
  };
  const declared = ({ file, name }: Place): Place => {
    const module = load(file);
    const elsewhere = module.declarations.has(name)
      ? undefined
      : (module.exports.get(name) ?? module.imports.get(name));
    return elsewhere === undefined ? { file, name } : declared(elsewhere);
  };
  const found = new Map<string, PublicDeclaration>();
  const visit = (place: Place, isExported: boolean): void => {
    const { file, name } = declared(place);
    const key = `${file}#${name}`;
    if (found.has(key)) return;
    const module = load(file);
    const nodes = module.declarations.get(name);
    // A type of Node's, under its own name.
    if (nodes === undefined) return;
    found.set(key, { name, file, isExported, ...textOf(module, nodes) });
    for (const mentioned of nodes.flatMap(namesIn)) {
      const local = module.imports.get(mentioned);
      if (local !== undefined) visit(local, false);
      else if (module.declarations.has(mentioned)) visit({ file, name: mentioned }, false);
    }
  };
  const roots = [...load(entry).exports.values()].map(declared);
  const exported = new Set(roots.map(({ file, name }) => `${file}#${name}`));
  for (const root of roots) visit(root, true);
  return [...found]
    .map(([key, declaration]) => ({ ...declaration, isExported: exported.has(key) }))
    .sort((a, b) => (a.name === b.name ? compare(a.file, b.file) : compare(a.name, b.name)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function parseModule(file: string, source: string): Module {
  const { program, comments, errors } = parseSync(file, source, { lang: 'dts', sourceType: 'module' });
  if (errors.length > 0) throw new Error(`cannot parse ${file}: ${errors[0]?.message}`);
  const module: Module = { source, imports: new Map(), declarations: new Map(), exports: new Map(), comments };
  for (const statement of (program as unknown as { body: SyntaxNode[] }).body) addStatement(file, module, statement);
  return module;
}

function addStatement(file: string, module: Module, statement: SyntaxNode): void {
  const from = isNode(statement['source']) ? String(statement['source']['value']) : undefined;
  const target = from?.startsWith('.') ? posix.join(posix.dirname(file), from).replace(/\.[tj]s$/, '.d.ts') : undefined;
  for (const specifier of (statement['specifiers'] ?? []) as SyntaxNode[]) {
    const local = nameOf(specifier['local']);
    if (statement.type === 'ImportDeclaration') {
      if (target !== undefined) module.imports.set(local, { file: target, name: nameOf(specifier['imported']) });
    } else if (from === undefined || target !== undefined) {
      module.exports.set(nameOf(specifier['exported']), { file: target ?? file, name: local });
    }
  }
  if (statement.type === 'ExportAllDeclaration') throw new Error(`${file}: export * is not read`);
  const declaration = isNode(statement['declaration']) ? statement['declaration'] : statement;
  for (const name of declaredNames(declaration)) {
    module.declarations.set(name, [...(module.declarations.get(name) ?? []), statement]);
  }
}

function declaredNames(declaration: SyntaxNode): string[] {
  const several = declaration['declarations'] as SyntaxNode[] | undefined;
  if (several !== undefined) return several.map(({ id }) => nameOf(id));
  return isNode(declaration['id']) ? [nameOf(declaration['id'])] : [];
}

function nameOf(node: unknown): string {
  if (!isNode(node)) throw new Error('a name was expected');
  return String(node['name'] ?? node['value']);
}

/** Every name in a declaration but those of members. */
function namesIn(declaration: SyntaxNode): string[] {
  const names = new Set<string>();
  walk(declaration, (node, parent, field) => {
    const isLabel = (field === 'key' || field === 'property') && parent?.['computed'] !== true;
    if (node.type === 'Identifier' && !isLabel) names.add(String(node['name']));
  });
  return [...names];
}

/** Comments go, with the members that nobody can reach: `#private` says only that there are some. */
function textOf(module: Module, nodes: readonly SyntaxNode[]): { text: string; source: string } {
  const parts = nodes.map((node) => {
    const [start, end] = [Number(node['start']), Number(node['end'])];
    let text = '';
    let at = start;
    for (const comment of module.comments) {
      if (comment.start < start || comment.end > end) continue;
      text += module.source.slice(at, comment.start);
      at = comment.end;
    }
    return { text: text + module.source.slice(at, end), source: withDocumentation(module, start, end) };
  });
  const text = parts
    .map((part) => part.text.replace(/^export /, '').replace(/^declare /, ''))
    .join('\n')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s*(#private;|private )/.test(line))
    .join('\n');
  return { text, source: parts.map((part) => part.source).join('\n') };
}

/** A declaration with the comment right before it. */
function withDocumentation(module: Module, start: number, end: number): string {
  const before = module.comments.findLast((comment) => comment.end <= start);
  const isItsOwn = before !== undefined && module.source.slice(before.end, start).trim() === '';
  return module.source.slice(isItsOwn ? before.start : start, end);
}

/** The report as a page. */
export function renderReport(declarations: readonly PublicDeclaration[]): string {
  const block = (isExported: boolean): string =>
    declarations
      .filter((declaration) => declaration.isExported === isExported)
      .map(({ text }) => text)
      .join('\n\n');
  const hidden = block(false);
  return [
    '# The public types',
    '',
    "Everything that `import … from 'ixwebsocket'` offers, by name, made of `dist/` by `npm run api`. A test compares it: a",
    'change here is a change for users, and belongs into `CHANGELOG.md`.',
    '',
    '```ts',
    block(true),
    '```',
    ...(hidden === '' ? [] : ['', '## Mentioned, but not exported', '', '```ts', hidden, '```']),
    '',
  ].join('\n');
}
