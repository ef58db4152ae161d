import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findByPath } from '../../../src/http-server/static/static-root.ts';
import { StaticTree } from '../../support/static-tree.ts';

let tree: StaticTree;

beforeEach(() => {
  tree = new StaticTree();
});

afterEach(() => {
  tree.remove();
});

describe('where an open file lies, on systems that do not tell', () => {
  test('is where its path leads', () => {
    const path = tree.write('dir/a.txt', 'a');
    tree.link('dir', 'link');
    expect(findByPath(path, statSync(path))).toBe(path);
    expect(findByPath(join(tree.root, 'link/a.txt'), statSync(path))).toBe(path);
  });

  test('is outside, for a link that leads there', () => {
    tree.link(tree.outside, 'link');
    const path = join(tree.root, 'link/secret.txt');
    expect(findByPath(path, statSync(path))).toBe(join(tree.outside, 'secret.txt'));
  });

  test('is unknown when another file has taken the place since', () => {
    const secret = join(tree.outside, 'secret.txt');
    const opened = statSync(secret);
    expect(findByPath(tree.write('a.txt', 'a'), opened)).toBeUndefined();
    mkdirSync(join(tree.root, 'dir'));
    expect(findByPath(tree.write('dir/secret.txt', 'a'), opened)).toBeUndefined();
    rmSync(join(tree.root, 'a.txt'));
    symlinkSync(secret, join(tree.root, 'a.txt'));
    expect(findByPath(join(tree.root, 'a.txt'), opened)).toBe(secret);
  });

  test('is unknown when the file is gone', () => {
    const path = tree.write('a.txt', 'a');
    const opened = statSync(path);
    renameSync(path, `${path}.old`);
    expect(() => findByPath(path, opened)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    writeFileSync(path, 'b');
    expect(findByPath(path, opened)).toBeUndefined();
  });
});
