import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { serveFiles } from '../../../src/http-server/static/static-files.ts';
import { SECRET, StaticTree, staticRequest } from '../../support/static-tree.ts';

const tree = new StaticTree();
let answer: ReturnType<typeof serveFiles>;

beforeEach(() => {
  // Files are held once they are older than the steps in which their times advance.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
  answer = serveFiles(tree.root);
  return () => vi.useRealTimers();
});

afterAll(() => {
  tree.remove();
});

/** The very bytes that are sent: the same object tells that they were held. */
async function bodyOf(uri: string, headers = {}): Promise<unknown> {
  return (await answer(staticRequest(uri, headers))).body;
}

describe('a short file', () => {
  test('is held in memory', async () => {
    tree.write('a.txt', 'a');
    const body = await bodyOf('/a.txt');
    expect(await bodyOf('/a.txt')).toBe(body);
    expect(String(await bodyOf('/a.txt', { Range: 'bytes=0-0' }))).toBe('a');
    expect(tree.openFiles()).toEqual([]);
  });

  test('is sent in parts from there', async () => {
    tree.write('parts.txt', 'x'.repeat(500) + 'y'.repeat(500));
    await bodyOf('/parts.txt');
    expect(String(await bodyOf('/parts.txt', { Range: 'bytes=499-500' }))).toBe('xy');
    expect(String(await bodyOf('/parts.txt', { Range: 'bytes=0-0,-1' }))).toMatch(/0-0\/1000\r\n\r\nx\r\n.*y\r\n--/s);
  });

  test('is held only as a whole', async () => {
    tree.write('part.txt', '0123456789');
    expect(String(await bodyOf('/part.txt', { Range: 'bytes=0-1' }))).toBe('01');
    expect(String(await bodyOf('/part.txt'))).toBe('0123456789');
  });

  test('is read again when it has changed, though it is as long as before', async () => {
    const path = tree.write('changing.txt', 'one');
    await bodyOf('/changing.txt');
    writeFileSync(path, 'two');
    expect(String(await bodyOf('/changing.txt'))).toBe('two');
  });

  test('is read again when another has taken its place, with its size and time', async () => {
    const path = tree.write('replaced.txt', 'one');
    await bodyOf('/replaced.txt');
    const other = tree.write('other.txt', 'two');
    const time = new Date(Date.now() - 60_000);
    utimesSync(path, time, time);
    utimesSync(other, time, time);
    await bodyOf('/replaced.txt');
    renameSync(other, path);
    expect(String(await bodyOf('/replaced.txt'))).toBe('two');
  });

  test('is gone when it was removed', async () => {
    const path = tree.write('removed.txt', 'x');
    await bodyOf('/removed.txt');
    rmSync(path);
    expect((await answer(staticRequest('/removed.txt'))).statusCode).toBe(404);
  });

  test('does not stand for a file outside whose link has taken its place', async () => {
    const path = tree.write('linked.txt', SECRET.replaceAll(/./g, 'x'));
    await bodyOf('/linked.txt');
    rmSync(path);
    symlinkSync(join(tree.outside, 'secret.txt'), path);
    expect((await answer(staticRequest('/linked.txt'))).statusCode).toBe(404);
  });

  test('that was written a moment ago is not held: it may change again without a trace', async () => {
    vi.useRealTimers();
    tree.write('fresh.txt', 'x');
    expect(await bodyOf('/fresh.txt')).not.toBe(await bodyOf('/fresh.txt'));
  });

  test('whose time is in whole seconds is held later', async () => {
    const path = tree.write('coarse.txt', 'x');
    const second = new Date(Math.floor(Date.now() / 1000) * 1000 - 1000);
    utimesSync(path, second, second);
    expect(await bodyOf('/coarse.txt')).not.toBe(await bodyOf('/coarse.txt'));
    vi.setSystemTime(Date.now() + 2000);
    expect(await bodyOf('/coarse.txt')).toBe(await bodyOf('/coarse.txt'));
  });
});

describe('the memory for files', () => {
  test('is bounded, and the one not asked for the longest is given up', async () => {
    answer = serveFiles(tree.root, { maxCachedBytes: 3 * 11_000 });
    for (const name of ['1', '2', '3', '4']) tree.write(name, name.repeat(10_000));
    const first = await bodyOf('/1');
    const second = await bodyOf('/2');
    await bodyOf('/3');
    expect(await bodyOf('/1')).toBe(first);
    await bodyOf('/4');
    expect(await bodyOf('/1')).toBe(first);
    expect(await bodyOf('/2')).not.toBe(second);
  });

  test('may be none', async () => {
    answer = serveFiles(tree.root, { maxCachedBytes: 0 });
    tree.write('a.txt', 'a');
    expect(await bodyOf('/a.txt')).not.toBe(await bodyOf('/a.txt'));
  });

  test('is not for long files', async () => {
    tree.write('long.bin', Buffer.alloc(64 * 1024 + 1));
    expect(await bodyOf('/long.bin')).not.toBe(await bodyOf('/long.bin'));
  });
});
