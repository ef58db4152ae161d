import { readFileSync, writeFileSync } from 'node:fs';
import type { Role } from './case.ts';
import { casesFor, families, roles } from './suite.ts';

/** What happened in each case: `ok`, `close 1002`, …, or `FAILED:` and what was wrong. */
export type Results = ReadonlyMap<string, string>;

/** From the root of the repository, where npm runs everything. */
const EXPECTED = 'test/conformance/expected.json';

/** The results that were committed. */
export function readExpected(role: Role): Results {
  const all = JSON.parse(readFileSync(EXPECTED, 'utf8')) as Readonly<Record<Role, Record<string, string>>>;
  return new Map(Object.entries(all[role]));
}

/** Puts new results among the committed ones, in the order of the suite; cases that are no more are dropped. */
export function writeExpected(fresh: Readonly<Record<Role, Results>>): void {
  const all: Partial<Record<Role, Record<string, string>>> = {};
  for (const role of roles) {
    const known = readExpected(role);
    const entries: [string, string][] = [];
    for (const { id } of families.flatMap((family) => casesFor(family, role))) {
      const behaviour = fresh[role].get(id) ?? known.get(id);
      if (behaviour !== undefined) entries.push([id, behaviour]);
    }
    all[role] = Object.fromEntries(entries);
  }
  writeFileSync(EXPECTED, `${JSON.stringify(all, undefined, 2)}\n`);
}

/** What is wrong, one line for each case: it failed, or behaves otherwise than was committed. */
export function findDifferences(results: Results, expected: Results): string[] {
  const lines: string[] = [];
  for (const [id, behaviour] of results) {
    const before = expected.get(id);
    if (behaviour.startsWith('FAILED')) lines.push(`${id}: ${behaviour}`);
    else if (before === undefined) lines.push(`${id}: ${behaviour}, and nothing was committed`);
    else if (before !== behaviour) lines.push(`${id}: ${behaviour}, in place of ${before}`);
  }
  return lines;
}

/** One line for each behaviour of a family: how many cases. */
export function tabulate(name: string, role: Role, results: Results): string {
  const counts = new Map<string, number>();
  for (const behaviour of results.values()) {
    const kind = behaviour.startsWith('FAILED') ? 'FAILED' : behaviour;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const columns = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind} ${count}`);
  return `${role.padEnd(7)} ${name.padEnd(14)} ${String(results.size).padStart(5)} cases  ${columns.join(', ')}`;
}
