import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findBreaches } from './layer-rules.ts';
import { documentTable, lintOverrides, parseDocumentedTable } from './table-forms.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

interface LintConfig {
  readonly overrides: readonly {
    readonly files: readonly string[];
    readonly rules: Readonly<Record<string, unknown>>;
  }[];
}

describe('the sources', () => {
  it('keep the import table, the size limit and the purity of the protocols, without a cycle', () => {
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

  it('is what the linter is told', () => {
    const config = JSON.parse(read('.oxlintrc.json')) as LintConfig;
    const told = config.overrides.flatMap(({ files, rules }) => {
      const [, options] = (rules['no-restricted-imports'] ?? []) as [string, { patterns: { group: string[] }[] }?];
      return options === undefined ? [] : [{ files, group: options.patterns.flatMap(({ group }) => group) }];
    });
    expect(told).toEqual(lintOverrides());
  });
});
