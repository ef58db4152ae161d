import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseModule, type SyntaxNode, walk } from './module-imports.ts';

/** Files that set timers, each with its reason. All others wait for events, or use a fake clock. */
const allowed: Readonly<Record<string, string>> = {
  'support/pass-time.ts': 'time that is what a test is about',
  'support/eventually.ts': 'polls, with a deadline',
  'support/watch.ts': 'a deadline',
  'support/bystander.ts': 'a deadline, and the pace of a client',
  'support/http-bystander.ts': 'the pace of a client',
  'support/faulty-relay.ts': 'a relay that is late',
  'conformance/play.ts': 'a deadline',
};

const folder = new URL('../', import.meta.url);

/** The lines of a source that set a timer which comes once. */
function timersOf(file: string, source: string): number[] {
  const lines: number[] = [];
  const add = (node: SyntaxNode): void => void lines.push(source.slice(0, Number(node['start'])).split('\n').length);
  walk(parseModule(file, source), (node) => {
    const callee = node['callee'] as SyntaxNode | undefined;
    if (node.type === 'CallExpression' && callee?.['name'] === 'setTimeout') add(node);
    const from = node['source'] as SyntaxNode | undefined;
    if (node.type !== 'ImportDeclaration' || !/^(node:)?timers\/promises$/.test(String(from?.['value']))) return;
    const names = (node['specifiers'] as SyntaxNode[]).map(
      (one) => (one['imported'] as SyntaxNode | undefined)?.['name'],
    );
    if (names.some((name) => name !== 'setImmediate')) add(node);
  });
  return lines;
}

it('no test sleeps, but where time is what it is about', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('full/') && !(file in allowed));
  const found = files.flatMap((file) =>
    timersOf(file, readFileSync(new URL(file, folder), 'utf8')).map((line) => `test/${file}:${line}`),
  );
  expect(found).toEqual([]);
});

it.each([
  ['a timer', 'setTimeout(() => undefined, 5);', [1]],
  ['a promise of one', "\nimport { setTimeout as delay } from 'node:timers/promises';", [2]],
  ['no turn of the loop', "import { setImmediate as turn } from 'node:timers/promises';", []],
  ['no name of a member', 'clock.setTimeout(5); const text = "setTimeout(5)";', []],
])('%s is told', (_name, source, lines) => {
  expect(timersOf('a.ts', source)).toEqual(lines);
});
