/**
 * The import table in force, as data. `layers.test.ts` holds the sources to it, and the table that ARCHITECTURE.md shows to
 * people. To change it: say why in ARCHITECTURE.md, then change this file.
 */

/** A narrowing of an arrow: `import type` only. */
export type Narrowing = 'types only';

export interface Arrow {
  /** A unit, a folder of units (`protocol` stands for all four), or the bare name of a Node builtin. */
  readonly to: string;
  readonly only?: Narrowing;
}

export interface LayerRow {
  /** Path below `src/`: with `.ts` for a single file, without for a folder. */
  readonly path: string;
  readonly ours: readonly Arrow[] | 'everything but `cli`';
  readonly node: readonly Arrow[] | 'all';
  readonly libraries: readonly string[];
}

const to = (...names: string[]): Arrow[] => names.map((name) => ({ to: name }));
const typesOf = (name: string): Arrow => ({ to: name, only: 'types only' });

export const importTable: readonly LayerRow[] = [
  { path: 'util', ours: to('errors'), node: [], libraries: [] },
  { path: 'errors.ts', ours: [], node: [], libraries: [] },
  { path: 'protocol/ports.ts', ours: [], node: [], libraries: [] },
  { path: 'protocol/http1', ours: to('util', 'errors'), node: [], libraries: [] },
  {
    path: 'protocol/websocket',
    ours: to('util', 'errors', 'protocol/http1', 'protocol/ports'),
    node: [],
    libraries: [],
  },
  { path: 'protocol/proxy-protocol', ours: to('protocol/http1'), node: [], libraries: [] },
  {
    path: 'platform',
    ours: to('protocol/ports', 'util', 'errors'),
    node: to('buffer', 'crypto', 'zlib', 'timers', 'process'),
    libraries: [],
  },
  {
    path: 'transport/tunnel',
    ours: to('transport', 'protocol/http1', 'util'),
    node: [...to('net'), typesOf('tls')],
    libraries: ['socks'],
  },
  {
    path: 'transport',
    ours: to('util', 'errors', 'platform', 'protocol/proxy-protocol'),
    node: to('net', 'tls', 'dns', 'fs'),
    libraries: [],
  },
  {
    path: 'dial',
    ours: to('transport', 'protocol/http1', 'platform', 'util', 'errors'),
    node: to('fs', 'os', 'tls'),
    libraries: [],
  },
  {
    path: 'connection',
    ours: to('protocol', 'transport', 'platform', 'util', 'errors'),
    node: to('stream'),
    libraries: [],
  },
  {
    path: 'client',
    ours: to('connection', 'dial', 'protocol', 'transport', 'platform', 'util', 'errors'),
    node: [],
    libraries: [],
  },
  {
    path: 'server',
    ours: to('connection', 'protocol', 'transport', 'platform', 'util', 'errors'),
    node: [typesOf('http'), ...to('diagnostics_channel')],
    libraries: [],
  },
  {
    path: 'http',
    ours: to('protocol/http1', 'platform', 'util', 'errors'),
    node: to('fs', 'stream', 'zlib'),
    libraries: ['fzstd', 'mime'],
  },
  {
    path: 'http-client',
    ours: to('http', 'dial', 'protocol/http1', 'transport', 'platform', 'util', 'errors'),
    node: to('stream'),
    libraries: [],
  },
  {
    path: 'http-server',
    ours: to('server', 'http', 'protocol/http1', 'transport', 'platform', 'util', 'errors'),
    node: to('fs', 'path', 'stream'),
    libraries: [],
  },
  { path: 'cli', ours: to('index'), node: 'all', libraries: ['commander'] },
  { path: 'index.ts', ours: 'everything but `cli`', node: [], libraries: [] },
];

/** How arrows name a row: its path without `.ts`. */
export const unitName = (row: LayerRow): string => row.path.replace(/\.ts$/, '');

/** The row of a source file; `file` is relative to `src/`. The row of a wing stands before that of its folder. */
export function rowOf(file: string, table: readonly LayerRow[] = importTable): LayerRow | undefined {
  return table.find((row) => (row.path.endsWith('.ts') ? file === row.path : file.startsWith(`${row.path}/`)));
}

/** Whether an arrow that names `name` reaches the unit `unit`: itself, or the folder above it. */
export const reaches = (name: string, unit: string): boolean => unit === name || unit.startsWith(`${name}/`);

/** The arrows of a row to our own units, with the shorthand spelled out. */
export function oursOf(row: LayerRow, table: readonly LayerRow[] = importTable): readonly Arrow[] {
  if (typeof row.ours !== 'string') return row.ours;
  return to(...table.filter((other) => other !== row && other.path !== 'cli').map(unitName));
}
