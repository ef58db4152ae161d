import { parseSync } from 'oxc-parser';

/** One import of a source file, whatever its form: `import`, `export … from`, `import()`, `import('x').T`. */
export interface ModuleImport {
  /** `undefined` when a dynamic import computes it. */
  readonly specifier: string | undefined;
  readonly isTypeOnly: boolean;
}

/** A syntax node, seen loosely: whoever walks the whole tree needs only its type and its children. */
export type SyntaxNode = { readonly type: string } & Readonly<Record<string, unknown>>;

export function parseModule(file: string, source: string): SyntaxNode {
  const { program, errors } = parseSync(file, source, { lang: 'ts', sourceType: 'module' });
  if (errors.length > 0) throw new Error(`cannot parse ${file}: ${errors[0]?.message}`);
  return program as unknown as SyntaxNode;
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** Calls `visit` for every node, parents first, with the node above and the field it hangs in. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined, field: string) => void,
  parent?: SyntaxNode,
  parentField = '',
): void {
  visit(node, parent, parentField);
  for (const [field, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, node, field);
    }
  }
}

function literal(node: unknown): string | undefined {
  const value = isNode(node) ? node['value'] : undefined;
  return typeof value === 'string' ? value : undefined;
}

export function importsOf(program: SyntaxNode): ModuleImport[] {
  const found: ModuleImport[] = [];
  walk(program, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
        // `import { type T }` keeps its import at run time (verbatimModuleSyntax), so only `import type` counts as one
        found.push({ specifier: literal(node['source']), isTypeOnly: node['importKind'] === 'type' });
        break;
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        if (node['source'] !== null) {
          found.push({ specifier: literal(node['source']), isTypeOnly: node['exportKind'] === 'type' });
        }
        break;
      case 'ImportExpression':
        found.push({ specifier: literal(node['source']), isTypeOnly: false });
        break;
      case 'TSImportType':
        found.push({ specifier: literal(node['source']), isTypeOnly: true });
        break;
      case 'TSExternalModuleReference':
        found.push({ specifier: literal(node['expression']), isTypeOnly: false });
        break;
    }
  });
  return found;
}
