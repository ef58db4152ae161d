import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, parseModule } from './module-imports.ts';

/** Rooms of `src/cli` that commands share, and the shared rooms each may enter beside its own. Every other one is a command. */
const sharedRooms: Readonly<Record<string, readonly string[]>> = {
  terminal: [],
  line: ['terminal'],
  peers: ['terminal', 'line'],
  conversation: ['terminal', 'peers'],
  screens: ['terminal', 'line', 'peers', 'conversation'],
  'file-transfer': ['terminal', 'line', 'peers'],
};

const cli = new URL('../../src/cli/', import.meta.url);

/** The room of a file below `src/cli`; main and program are the building. */
const roomOf = (file: string): string => file.split('/', 1)[0] ?? '';

function findBreaches(): string[] {
  const files = readdirSync(cli, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => {
    const room = roomOf(file);
    if (!file.includes('/')) return [];
    const allowed = [room, ...(sharedRooms[room] ?? Object.keys(sharedRooms))];
    return importsOf(parseModule(file, readFileSync(new URL(file, cli), 'utf8')))
      .map(({ specifier }) => posix.join(posix.dirname(file), specifier ?? ''))
      .filter(
        (target, index, all) => target.endsWith('.ts') && !target.startsWith('..') && all.indexOf(target) === index,
      )
      .filter((target) => !allowed.includes(roomOf(target)))
      .map((target) => `${file} imports ${target}`);
  });
}

describe('the command line', () => {
  it('has a room for each command that only the program enters, above the rooms that commands share', () => {
    expect(findBreaches()).toEqual([]);
  });

  it('has nothing but rooms beside main and program', () => {
    const files = readdirSync(cli, { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).toSorted()).toEqual(['main.ts', 'program.ts']);
  });
});
