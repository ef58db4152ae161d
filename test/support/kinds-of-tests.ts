import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** What a test file says that measures the process it runs in, or changes it. */
const signsOfAlone = [
  /\bvi\.(mock|stubEnv|stubGlobal|useFakeTimers)\(/,
  /\bprocess\.(on|once|chdir|umask|emit)\(/,
  /\bprocess\.(env(\.\w+|\[[^\]]*\])|exitCode|title) = /,
  /\bdelete process\.env/,
  /\b(MemoryWatch|EngineCount|usedBytes|memoryUsage|resourceUsage|activeResources|noSocketsBut)\b/,
  /\bfrom 'node:(v8|vm|async_hooks|diagnostics_channel|worker_threads)'/,
  /\/attacked\.ts'/,
];

/** What a file imports that opens sockets, starts processes, or reads more than the test itself. */
const signsOfOutside = [
  /\bfrom 'node:(net|tls|http|https|dns|dgram|child_process|fs)(\/\w+)?'/,
  /\bfrom '(ws|undici|express|fastify|proxy-chain|busboy|@[^']*|vite)'/,
  /\/src\/(index|(transport|server|http-server|http-client|client|connection)\/index)\.ts'/,
  /\/src\/cli\/main\.ts'/,
];

/**
 * True of test files that need a process of their own: what they measure or change is the process. All others share
 * one, in which what they import is loaded once.
 */
export function needsOwnProcess(source: string): boolean {
  return signsOfAlone.some((sign) => sign.test(source));
}

/** The test files of `npm test`, as paths from the root of the project. */
export interface KindsOfTests {
  readonly alone: string[];
  readonly shared: string[];
  /** Those of `shared` that need nothing but the processor. */
  readonly quick: string[];
}

export function sortTests(): KindsOfTests {
  const alone: string[] = [];
  const shared: string[] = [];
  for (const found of readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })) {
    const file = `test/${found.replaceAll('\\', '/')}`;
    if (!file.endsWith('.test.ts') || file.startsWith('test/full/')) continue;
    (needsOwnProcess(read(file)) ? alone : shared).push(file);
  }
  const known = new Map<string, boolean>();
  return { alone, shared, quick: shared.filter((file) => !reachesOutside(file, known)) };
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** True when `file`, or a file below `test` that it imports, has a sign of the outside. */
function reachesOutside(file: string, known: Map<string, boolean>): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, false);
  const source = read(file);
  const imported = [...source.matchAll(/\bfrom '(\.[^']*)'/g)]
    .map((match) => posix.join(posix.dirname(file), match[1] ?? ''))
    .filter((path) => path.startsWith('test/'));
  const result =
    signsOfOutside.some((sign) => sign.test(source)) || imported.some((path) => reachesOutside(path, known));
  known.set(file, result);
  return result;
}
