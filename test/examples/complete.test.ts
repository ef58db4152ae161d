import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clientExamples } from './client-examples.ts';
import { httpClientExamples } from './http-client-examples.ts';
import { httpServerExamples } from './http-server-examples.ts';
import { examplesDirectory } from './program.ts';
import { seedClientExamples } from './seed-examples.ts';
import { serverExamples } from './server-examples.ts';

const root = resolve(import.meta.dirname, '../..');
/** Pages whose TypeScript is copied from examples. */
const pages = [
  'README.md',
  'docs/guide/client.md',
  'docs/guide/server.md',
  'docs/guide/http-client.md',
  'docs/guide/http-server.md',
  'docs/guide/static-files.md',
];

async function exampleFiles(): Promise<string[]> {
  const files = await readdir(examplesDirectory, { recursive: true });
  return files.filter((file) => file.endsWith('.ts') && !/^(build|node_modules)\b/.test(file));
}

test('every example is run', async () => {
  const names = (await exampleFiles()).map((file) => file.replaceAll('\\', '/').slice(0, -'.ts'.length)).sort();
  const run = Object.keys({
    ...clientExamples,
    ...seedClientExamples,
    ...serverExamples,
    ...httpServerExamples,
    ...httpClientExamples,
  }).sort();
  expect(run).toEqual(names);
});

/** Examples take addresses from the command line; pages show the default in its place. */
function withDefaults(source: string): string {
  return source
    .replace(/Number\(process\.argv\[\d\] \?\? (\d+)\)/g, '$1')
    .replace(/process\.argv\[\d\] \?\? ('[^']*')/g, '$1');
}

/** The lines without what they are indented by in common, and without blank ones. */
function dedented(lines: readonly string[]): string[] {
  const full = lines.filter((line) => line.trim() !== '');
  const indent = Math.min(...full.map((line) => line.length - line.trimStart().length));
  return full.map((line) => line.slice(indent));
}

function contains(source: string, snippet: string): boolean {
  const wanted = dedented(snippet.split('\n'));
  const lines = source.split('\n').filter((line) => line.trim() !== '');
  return lines.some((_line, at) => {
    const found = dedented(lines.slice(at, at + wanted.length));
    return found.length === wanted.length && found.every((line, index) => line === wanted[index]);
  });
}

describe('what the pages show is part of an example', () => {
  test.each(pages)('%s', async (page) => {
    const files = await exampleFiles();
    const sources = await Promise.all(files.map((file) => readFile(join(examplesDirectory, file), 'utf8')));
    const shown = sources.map(withDefaults);
    const text = await readFile(join(root, page), 'utf8');
    const snippets = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
    expect(snippets.length).toBeGreaterThan(0);
    expect(snippets.filter((snippet) => !shown.some((source) => contains(source, snippet)))).toEqual([]);
  });
});

describe('docs/errors.md has a heading for every code', () => {
  async function headings(): Promise<Set<string>> {
    const text = await readFile(join(root, 'docs/errors.md'), 'utf8');
    return new Set([...text.matchAll(/^#{2,4} `(\w+)`/gm)].map((match) => match[1] ?? ''));
  }

  /** The string literals of everything that matches. */
  function literalsOf(source: string, pattern: RegExp): string[] {
    const parts = [...source.matchAll(pattern)].map((match) => match[1] ?? '');
    return [...parts.join(' ').matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '');
  }

  test.each([
    ['errors.ts', /type \w+ErrorCode =(.*?);/gs],
    ['errors.ts', /super\(('invalidOption'),/g],
    ['http-server/request/request-error.ts', /type \w+ErrorCode =(.*?);/gs],
    ['http-client/http-stream.ts', /super\(('httpBodyIncomplete'),/g],
    ['connection/sending/send-data.ts', /readonly code:(.*?);/gs],
    ['connection/duplex.ts', /new IxError\(('\w+'),/g],
    ['server/audience/topics.ts', /type SubscribeErrorCode =(.*?);/gs],
    ['protocol/websocket/closing/violations.ts', /type ViolationName =(.*?);/gs],
    ['protocol/websocket/closing/violations.ts', /violation\(('invalidCloseCode'),/g],
  ])('those of src/%s, %s', async (file, pattern) => {
    const codes = literalsOf(await readFile(join(root, 'src', file), 'utf8'), pattern);
    expect(codes.length).toBeGreaterThan(0);
    const documented = await headings();
    expect(codes.filter((code) => !documented.has(code))).toEqual([]);
  });
});

test('docs/errors.md lists every code of a refusal', async () => {
  const server = await readdir(join(root, 'src/server'), { recursive: true });
  const files = [
    'protocol/http1/head/head-failure.ts',
    'protocol/websocket/handshake/handshake-server.ts',
    'protocol/websocket/handshake/origin-policy.ts',
    ...server.filter((file) => file.endsWith('.ts')).map((file) => join('server', file)),
  ];
  const sources = await Promise.all(files.map((file) => readFile(join(root, 'src', file), 'utf8')));
  const pattern =
    /(?:\bcode: |badRequest\(|\brefuse\(|headFailure\(|onRefusal\(|onConnectionRefused\()'(\w+)'|^ {2}(\w+): \[\d{3}, '/gm;
  const codes = new Set(
    sources.flatMap((source) => [...source.matchAll(pattern)].map((match) => match[1] ?? match[2])),
  );
  // A head of a response is never refused by a server.
  for (const code of ['invalidStatusLine', 'statusLineTooLong', 'tlsRecord']) codes.delete(code);
  expect(codes.size).toBeGreaterThan(45);
  const page = await readFile(join(root, 'docs/errors.md'), 'utf8');
  const section = page.slice(page.indexOf('## Refused handshakes'));
  expect([...codes].filter((code) => !section.includes(`\`${code}\``))).toEqual([]);
});

describe('links between pages lead somewhere', () => {
  test.each(['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs'])(
    '%s',
    async (at) => {
      const files = at.endsWith('.md')
        ? [at]
        : (await readdir(join(root, at), { recursive: true })).map((file) => join(at, file));
      const broken: string[] = [];
      for (const file of files.filter((name) => name.endsWith('.md'))) {
        const text = await readFile(join(root, file), 'utf8');
        for (const [, target = ''] of text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
          const [path = '', anchor] = target.split('#');
          const full = path === '' ? join(root, file) : resolve(root, file, '..', path);
          const content = await readFile(full, 'utf8').catch((error: NodeJS.ErrnoException) =>
            error.code === 'EISDIR' ? '' : undefined,
          );
          if (content === undefined || (anchor !== undefined && !anchorsOf(content).has(anchor)))
            broken.push(`${file}: ${target}`);
        }
      }
      expect(broken).toEqual([]);
    },
  );

  function anchorsOf(markdown: string): Set<string> {
    const titles = [...markdown.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
    return new Set(
      titles.map((title) =>
        title
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .trim()
          .replaceAll(' ', '-'),
      ),
    );
  }
});
