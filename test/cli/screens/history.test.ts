import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History, historyPath } from '../../../src/cli/screens/history.ts';
import { fakeEnvironment } from '../support/fake-environment.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ws-history-'));
  path = join(folder, 'ixwebsocket', 'connect_history');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function load(variables: Record<string, string> = { XDG_STATE_HOME: folder }): History | undefined {
  return History.load(fakeEnvironment({ variables }).environment);
}

describe('where the history is', () => {
  it.each([
    [{ XDG_STATE_HOME: '/state', HOME: '/home/a' }, '/state/ixwebsocket/connect_history'],
    [{ HOME: '/home/a' }, '/home/a/.local/state/ixwebsocket/connect_history'],
    [{ XDG_STATE_HOME: 'relative', HOME: '/home/a' }, '/home/a/.local/state/ixwebsocket/connect_history'],
    [{ XDG_STATE_HOME: '', HOME: 'relative' }, undefined],
    [{}, undefined],
  ])('follows from %j', (variables, expected) => {
    expect(historyPath(variables)).toBe(expected);
  });
});

describe('the history', () => {
  it('is there the next time, newest first', () => {
    const first = load();
    first?.add('one');
    first?.add('two');
    first?.close();
    expect(load()?.newestFirst()).toEqual(['two', 'one']);
  });

  it('is for its owner only, whatever it was before', () => {
    mkdirSync(join(folder, 'ixwebsocket'));
    writeFileSync(path, 'one\n');
    chmodSync(path, 0o644);
    load();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    rmSync(path);
    load()?.add('two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('has every line once, where it was used last', () => {
    const history = load();
    for (const line of ['a', 'b', 'a', 'a', 'c']) history?.add(line);
    history?.close();
    expect(readFileSync(path, 'utf8')).toBe('b\na\nc\n');
  });

  it('keeps the last thousand lines', () => {
    mkdirSync(join(folder, 'ixwebsocket'));
    writeFileSync(path, Array.from({ length: 3000 }, (_, index) => `${index}\n`).join(''));
    const lines = load()?.newestFirst() ?? [];
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([1000, '2999', '2000']);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1001);
  });

  it('has no empty lines, none that begin with a space, none that are endless, and none that drive a terminal', () => {
    const history = load();
    for (const line of ['', ' secret', 'x'.repeat(5000), '\u001b[2J', 'kept']) history?.add(line);
    history?.close();
    expect(readFileSync(path, 'utf8')).toBe('kept\n');
  });

  it('does not lose what another terminal adds', () => {
    const one = load();
    const two = load();
    one?.add('one');
    two?.add('two');
    one?.close();
    two?.add('three');
    two?.close();
    expect(load()?.newestFirst()).toEqual(['three', 'two', 'one']);
  });

  it('does without a file when it cannot have one', () => {
    writeFileSync(join(folder, 'file'), '');
    const history = load({ XDG_STATE_HOME: join(folder, 'file') });
    history?.add('a');
    history?.close();
    expect(history?.newestFirst()).toEqual([]);
    expect(load({})).toBeUndefined();
  });
});
