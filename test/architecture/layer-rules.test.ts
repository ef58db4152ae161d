import { describe, expect, it } from 'vitest';
import { findBreaches, findCycles } from './layer-rules.ts';
import { documentTable, parseDocumentedTable } from './table-forms.ts';

/** Breaches of a small source tree in which every folder has a file to point at. */
function breachesOf(files: Readonly<Record<string, string>>): string[] {
  const ground = Object.fromEntries(
    [
      'util/a.ts',
      'errors.ts',
      'protocol/ports.ts',
      'protocol/http1/a.ts',
      'protocol/websocket/a.ts',
      'platform/a.ts',
      'transport/a.ts',
      'connection/a.ts',
      'client/a.ts',
      'server/a.ts',
      'cli/a.ts',
      'index.ts',
    ].map((file) => [file, 'export {};\n']),
  );
  return findBreaches(new Map(Object.entries({ ...ground, ...files })));
}

describe('imports between our folders', () => {
  it('pass when the table has the arrow', () => {
    expect(
      breachesOf({
        'protocol/websocket/b.ts': "import { a } from '../http1/a.ts';\nimport { b } from '../../util/a.ts';",
        'client/b.ts': "import { a } from '../protocol/websocket/a.ts';\nimport { b } from './a.ts';",
        'client/deep/b.ts': "import { a } from '../a.ts';\nimport { b } from '../../util/a.ts';",
        'cli/b.ts': "import { a } from '../index.ts';\nimport { Command } from 'commander';\nimport 'node:os';",
        'index.ts': "export { a } from './server/a.ts';",
      }),
    ).toEqual([]);
  });

  it.each([
    ['a value import', "import { a } from '../server/a.ts';"],
    ['a type import', "import type { A } from '../server/a.ts';"],
    ['an inline type import', "import { type A } from '../server/a.ts';"],
    ['a bare import', "import '../server/a.ts';"],
    ['a re-export', "export { a } from '../server/a.ts';"],
    ['a re-export of everything', "export * from '../server/a.ts';"],
    ['a type re-export', "export type { A } from '../server/a.ts';"],
    ['a dynamic import', "export const a = () => import('../server/a.ts');"],
    ['a type query', "export type A = import('../server/a.ts').A;"],
  ])('fail when the table has no such arrow: %s', (_form, source) => {
    expect(breachesOf({ 'client/b.ts': source })).toEqual(['client/b.ts: may not import server']);
  });

  it.each([
    ['util/b.ts', "import '../platform/a.ts';", 'may not import platform'],
    ['errors.ts', "import './util/a.ts';", 'may not import util'],
    ['protocol/http1/b.ts', "import '../websocket/a.ts';", 'may not import protocol/websocket'],
    ['protocol/ports.ts', "import '../util/a.ts';", 'may not import util'],
    ['cli/b.ts', "import '../client/a.ts';", 'may not import client'],
    ['index.ts', "import './cli/a.ts';", 'may not import cli'],
    ['client/deep/b.ts', "import '../../server/a.ts';", 'may not import server'],
  ])('fail in %s: %s', (file, source, breach) => {
    expect(breachesOf({ [file]: source })).toEqual([`${file}: ${breach}`]);
  });

  it('are not fooled by comments and strings', () => {
    const source = "// import '../server/a.ts'\nexport const text = `import '../server/a.ts'`;";
    expect(breachesOf({ 'client/b.ts': source })).toEqual([]);
  });

  it('may be narrowed to types', () => {
    expect(breachesOf({ 'server/b.ts': "import type { Server } from 'node:http';" })).toEqual([]);
    expect(breachesOf({ 'server/b.ts': "import { type Server } from 'node:http';" })).toEqual([
      'server/b.ts: may import only types of node:http',
    ]);
  });

  it('of a wing with a row of its own are judged by that, in both directions', () => {
    const wing = {
      'transport/tunnel/b.ts': "import '../../protocol/http1/a.ts';\nimport '../a.ts';",
      'dial/b.ts': "import '../transport/tunnel/b.ts';",
    };
    expect(breachesOf(wing)).toEqual([]);
    expect(breachesOf({ ...wing, 'transport/b.ts': "import '../protocol/http1/a.ts';" })).toEqual([
      'transport/b.ts: may not import protocol/http1',
    ]);
    expect(breachesOf({ ...wing, 'transport/b.ts': "import './tunnel/b.ts';" })).toEqual([
      'transport/b.ts: may not import transport/tunnel',
    ]);
  });

  it('fail for a file that no row covers, and for one that is not there', () => {
    expect(breachesOf({ 'misc/a.ts': '' })).toEqual(['misc/a.ts: no row of the import table covers it']);
    expect(breachesOf({ 'util/b.ts': "import './a.js';" })).toEqual([
      'util/b.ts: imports ./a.js, which is not a file below src (write the .ts)',
    ]);
  });

  it('fail when they are computed', () => {
    expect(breachesOf({ 'util/b.ts': 'export const a = (x: string) => import(x);' })).toEqual([
      'util/b.ts: a computed import() cannot be checked',
    ]);
  });
});

describe('imports from outside', () => {
  it.each([
    ['transport/b.ts', "import 'node:net';", []],
    ['transport/b.ts', "import 'node:fs/promises';", []],
    ['transport/b.ts', "import 'node:http';", ['transport/b.ts: may not import node:http']],
    ['transport/b.ts', "import 'net';", ['transport/b.ts: may not import the package net']],
    ['client/b.ts', "import type { Socket } from 'node:net';", ['client/b.ts: may not import node:net']],
    ['client/b.ts', "import 'commander';", ['client/b.ts: may not import the package commander']],
    ['server/b.ts', "import type { Server } from 'node:http';", []],
    ['server/b.ts', "import { Server } from 'node:http';", ['server/b.ts: may import only types of node:http']],
    ['protocol/http1/b.ts', "import 'node:buffer';", ['protocol/http1/b.ts: may not import node:buffer']],
    ['cli/b.ts', "import 'ws';", ['cli/b.ts: may not import the package ws']],
  ])('are judged in %s: %s', (file, source, breaches) => {
    expect(breachesOf({ [file]: source })).toEqual(breaches);
  });
});

describe('import cycles', () => {
  it('are found through type imports', () => {
    expect(
      breachesOf({
        'util/b.ts': "import type { C } from './c.ts';",
        'util/c.ts': "export * from './d.ts';",
        'util/d.ts': "export type B = import('./b.ts').B;",
      }),
    ).toEqual(['import cycle: util/b.ts -> util/c.ts -> util/d.ts -> util/b.ts']);
  });

  it('are not seen in a diamond, and are seen in a file that imports itself', () => {
    const diamond = { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] };
    expect(findCycles(new Map(Object.entries(diamond)))).toEqual([]);
    expect(findCycles(new Map([['a', ['a']]]))).toEqual([['a', 'a']]);
  });
});

describe('the purity of the protocols', () => {
  it.each([
    ['setTimeout', 'setTimeout(() => {}, 1);'],
    ['setTimeout', 'const later = setTimeout;'],
    ['Promise', 'export type A = Promise<void>;'],
    ['Promise', 'Promise.resolve();'],
    ['an async function', 'export const a = async () => {};'],
    ['an async function', 'export class A { async b() {} }'],
    ['await', "await import('./a.ts');"],
    ['Date', 'Date.now();'],
    ['Date', 'const clock = { Date };'],
    ['globalThis', 'globalThis.setTimeout(() => {}, 1);'],
    ['Math.random', 'Math.random();'],
    ['Math.random', "Math['random']();"],
  ])('is broken by %s: %s', (impurity, source) => {
    const file = 'protocol/websocket/b.ts';
    expect(breachesOf({ [file]: source })).toEqual([`${file}: ${impurity} in the protocol layer`]);
  });

  it('is not broken by labels, words and other maths, and is asked of no other folder', () => {
    const source = "export const a = { Date: 1, Promise: 2 }; a.Date; 'setTimeout'; Math.max(1); // await";
    expect(breachesOf({ 'protocol/http1/b.ts': source })).toEqual([]);
    expect(breachesOf({ 'util/b.ts': 'setTimeout(async () => {}, Date.now());' })).toEqual([]);
  });
});

describe('the forms of the table', () => {
  const table = [
    { path: 'a', ours: [{ to: 'b' }, { to: 'c', only: 'types only' }], node: [{ to: 'net' }], libraries: [] },
    { path: 'b/x.ts', ours: [], node: 'all', libraries: ['lib'] },
    { path: 'c', ours: [], node: [], libraries: [] },
  ] as const;

  it('are read back from markdown, the prose column left out', () => {
    const page = [
      '# Page',
      '',
      '| folder | what lives there | may import of ours | may import of Node | libraries |',
      '|---|---|---|---|---|',
      '| `src/a/` | prose | `b`, `c` (types only) | `net` | – |',
      '| `src/b/x.ts` | prose | – | all | `lib` |',
      '| `src/c/` | prose | – | – | – |',
      '',
      'more',
    ].join('\n');
    expect(parseDocumentedTable(page)).toEqual(documentTable(table));
    expect(parseDocumentedTable(page.replace('`b`, ', ''))).not.toEqual(documentTable(table));
    expect(() => parseDocumentedTable('# Page')).toThrow('no table with the columns');
  });
});
