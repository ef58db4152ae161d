import { posix } from 'node:path';
import { type Arrow, importTable, type LayerRow, oursOf } from './import-table.ts';

/** What a row of the table in ARCHITECTURE.md has to say; the prose column is free. */
export interface DocumentedRow {
  readonly folder: string;
  readonly ours: string;
  readonly node: string;
  readonly libraries: string;
}

const HEADER = ['folder', 'what lives there', 'may import of ours', 'may import of Node', 'libraries'];
const NOTHING = '–';

const folderCell = (row: LayerRow): string => `\`src/${row.path}${row.path.endsWith('.ts') ? '' : '/'}\``;

function arrowsCell(arrows: readonly Arrow[] | string): string {
  if (typeof arrows === 'string') return arrows;
  if (arrows.length === 0) return NOTHING;
  return arrows.map(({ to, only }) => (only === undefined ? `\`${to}\`` : `\`${to}\` (${only})`)).join(', ');
}

export function documentTable(table: readonly LayerRow[] = importTable): DocumentedRow[] {
  return table.map((row) => ({
    folder: folderCell(row),
    ours: arrowsCell(row.ours),
    node: arrowsCell(row.node),
    libraries: arrowsCell(row.libraries.map((name) => ({ to: name }))),
  }));
}

/** Reads the import table out of a markdown page; throws when the page has none. */
export function parseDocumentedTable(markdown: string): DocumentedRow[] {
  const rows = markdown.split('\n').map((line) => (line.startsWith('|') ? cellsOf(line) : []));
  const header = rows.findIndex((cells) => cells.join() === HEADER.join());
  if (header < 0) throw new Error(`no table with the columns ${HEADER.join(', ')}`);
  const found: DocumentedRow[] = [];
  for (const cells of rows.slice(header + 2)) {
    if (cells.length === 0) break;
    const [folder = '', , ours = '', node = '', libraries = ''] = cells;
    found.push({ folder, ours, node, libraries });
  }
  return found;
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

export interface LintOverride {
  readonly files: readonly string[];
  /** Patterns as .gitignore reads them: the last one that matches decides, and `!` allows. */
  readonly group: readonly string[];
}

/**
 * The table as `no-restricted-imports` patterns. A folder gets two overrides, since the same target is written
 * `../util/x.ts` from a file right in it and `../../util/x.ts` from a sub-folder. Narrowings are left to the test.
 */
export function lintOverrides(table: readonly LayerRow[] = importTable): LintOverride[] {
  return table.flatMap((row) => {
    if (row.path.endsWith('.ts')) {
      return [{ files: [`src/${row.path}`], group: allowed(row, table, posix.dirname(row.path), []) }];
    }
    return [
      { files: [`src/${row.path}/*.ts`], group: allowed(row, table, row.path, ['!./**']) },
      {
        files: [`src/${row.path}/*/**/*.ts`],
        group: allowed(row, table, `${row.path}/sub`, ['!./**', '!../**', '../../**']),
      },
    ];
  });
}

function allowed(row: LayerRow, table: readonly LayerRow[], from: string, own: readonly string[]): string[] {
  const targets = oursOf(row, table).map(({ to }) => {
    const path = table.find((other) => other.path === `${to}.ts`)?.path ?? `${to}/**`;
    const relative = posix.relative(from, path);
    return `!${relative.startsWith('.') ? relative : `./${relative}`}`;
  });
  const builtins =
    row.node === 'all' ? ['!node:*', '!node:*/**'] : row.node.flatMap(({ to }) => [`!node:${to}`, `!node:${to}/**`]);
  return ['*', ...own, ...targets, ...builtins, ...row.libraries.map((library) => `!${library}`)];
}
