import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findBreaches } from './layer-rules.ts';
import { documentTable, parseDocumentedTable } from './table-forms.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

describe('the sources', () => {
  it('keep the import table and the purity of the protocols, without a cycle', () => {
    const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.ts'));
    const sources = new Map(files.map((file) => [file, read(`src/${file}`)]));
    expect(sources.size).toBeGreaterThan(0);
    expect(findBreaches(sources)).toEqual([]);
  });
});

describe('the import table', () => {
  it('stands in ARCHITECTURE.md as it is in force', () => {
    expect(parseDocumentedTable(read('ARCHITECTURE.md'))).toEqual(documentTable());
  });
});
