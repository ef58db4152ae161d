import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Each compiled file with the folder that it was made of, and the script of npm that makes it. */
const products = [
  { script: 'build', from: 'src', to: 'dist/ws.1' },
  { script: 'build:examples', from: 'examples', to: 'examples/build/client.js' },
] as const;

/**
 * Builds before the first test what processes under test start from, where it is older than its sources: after
 * `npm test` has built, nothing is built again.
 */
export function setup(): void {
  for (const { script, from, to } of products) {
    const made = statSync(join(root, to), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (newest(join(root, from)) <= made) continue;
    execFileSync('npm', ['run', '--silent', script], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  }
}

/** The time of the last change in a folder, what was added to it or removed from it included. */
function newest(folder: string): number {
  let latest = statSync(folder).mtimeMs;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'build' || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}
