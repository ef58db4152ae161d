import { readFileSync, writeFileSync } from 'node:fs';
import type { Role } from './case.ts';
import { casesFor, families, roles } from './suite.ts';

/** What happened in each case: `ok`, `close 1002`, …, or `FAILED:` and what was wrong. */
export type Results = ReadonlyMap<string, string>;

/** The committed file: one behaviour for both roles, or one for each. */
type Expected = Record<string, string | Partial<Record<Role, string>>>;

/** From the root of the repository, where npm runs everything. */
const EXPECTED = 'test/conformance/expected.json';

function readFile(): Expected {
  return JSON.parse(readFileSync(EXPECTED, 'utf8')) as Expected;
}

/** The results that were committed. */
export function readExpected(role: Role): Results {
  const results = new Map<string, string>();
  for (const [id, entry] of Object.entries(readFile())) {
    const behaviour = typeof entry === 'string' ? entry : entry[role];
    if (behaviour !== undefined) results.set(id, behaviour);
  }
  return results;
}

/** Puts new results among the committed ones, in the order of the suite; cases that are no more are dropped. */
export function writeExpected(fresh: Readonly<Record<Role, Results>>): void {
  const before = { server: readExpected('server'), client: readExpected('client') };
  const file: Expected = {};
  for (const family of families) {
    const ids = roles.map((role) => new Set(casesFor(family, role).map(({ id }) => id)));
    for (const { id } of family.cases) {
      const entry: Partial<Record<Role, string>> = {};
      roles.forEach((role, i) => {
        const behaviour = fresh[role].get(id) ?? before[role].get(id);
        if (behaviour !== undefined && ids[i]?.has(id) === true) entry[role] = behaviour;
      });
      const [first, second = first] = Object.values(entry);
      if (first !== undefined) file[id] = first === second ? first : entry;
    }
  }
  writeFileSync(EXPECTED, `${JSON.stringify(file, undefined, 2)}\n`);
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

/** Entries of the committed file that belong to no case. */
export function findStale(): string[] {
  const known = new Set(families.flatMap((family) => family.cases.map(({ id }) => id)));
  return Object.keys(readFile()).filter((id) => !known.has(id));
}

/** One line for a family: how many cases behaved how. */
export function tabulate(name: string, role: Role, results: Results): string {
  const counts = new Map<string, number>();
  for (const behaviour of results.values()) {
    const kind = behaviour.startsWith('FAILED') ? 'FAILED' : behaviour;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const columns = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} × ${kind}`);
  return `${role.padEnd(7)} ${name.padEnd(14)} ${String(results.size).padStart(5)} cases: ${columns.join(' | ')}`;
}
