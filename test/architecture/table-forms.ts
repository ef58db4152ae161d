import { type Arrow, importTable, type LayerRow } from './import-table.ts';

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
