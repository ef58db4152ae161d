import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveFiles } from '../../../src/http-server/static/static-files.ts';
import type { ServeFilesOptions } from '../../../src/http-server/static/static-options.ts';
import { StaticTree, staticRequest } from '../../support/static-tree.ts';

const tree = new StaticTree();
const listener = createServer();

/** Names that a system has and a request cannot have, or not as they are. */
const odd = [
  'back\\slash',
  'line\nbreak',
  'bell\x07',
  'C:',
  'a::$DATA',
  'per%cent',
  '%2e%2e',
  '..;',
  'a b',
  'ä',
  '#hash',
  '?query',
  'quo\'te"',
  '<b>',
  '...',
  '..dots',
  'colon:in',
  '~tilde',
];

beforeAll(async () => {
  for (const name of odd) tree.write(`odd/${name}`, 'content');
  for (const name of odd) tree.write(`odd-folders/${name}/a.txt`, 'content');
  tree.write('odd/.hidden', 'content');
  tree.link('missing', 'odd/dangling');
  tree.link(tree.outside, 'odd/outside');
  tree.link('/etc/passwd', 'odd/passwd');
  tree.link('loop', 'odd/loop');
  tree.pipe('odd/pipe');
  tree.write('odd/locked-file', 'content');
  tree.write('odd/locked-folder/a.txt', 'content');
  tree.write('odd/locked-index/index.html', 'content');
  mkdirSync(join(tree.root, 'odd/folder-as-index/index.html'), { recursive: true });
  for (const path of ['locked-file', 'locked-folder', 'locked-index/index.html']) {
    chmodSync(join(tree.root, 'odd', path), 0);
  }
  await new Promise<void>((resolve) => listener.listen(join(tree.root, 'odd/socket'), resolve));
});
afterAll(async () => {
  await new Promise((resolve) => listener.close(resolve));
  for (const path of ['locked-file', 'locked-folder']) chmodSync(join(tree.root, 'odd', path), 0o755);
  tree.remove();
});

/** The links of a page, as a browser that shows `uri` would follow them. */
async function linksOf(uri: string, options: ServeFilesOptions): Promise<{ status: number; links: string[] }> {
  const response = await serveFiles(tree.root, options)(staticRequest(uri));
  const html = typeof response.body === 'string' ? response.body : '';
  const links = Array.from(html.matchAll(/href="([^"]*)"/g), ([, href = '']) => {
    const { pathname } = new URL(href, `http://h${uri}`);
    return pathname;
  });
  return { status: response.statusCode, links };
}

const variants: readonly ServeFilesOptions[] = [
  {},
  { dotFiles: 'allow' },
  { index: false },
  { precompressed: true },
  { dotFiles: 'allow', index: false },
];

describe('a listing', () => {
  test.each(variants.map((options) => [options]))('links only what is served, with %j', async (options) => {
    for (const uri of ['/odd/', '/odd-folders/']) {
      const { status, links } = await linksOf(uri, { ...options, listing: true });
      expect(status).toBe(200);
      expect(links.length).toBeGreaterThan(8);
      for (const link of links) {
        const response = await serveFiles(tree.root, { ...options, listing: true })(staticRequest(link));
        expect(response.statusCode, link).toBe(200);
      }
    }
  });

  test('has every name that can be requested', async () => {
    const { links } = await linksOf('/odd/', { listing: true });
    const names = links.map((link) => decodeURIComponent(link.slice('/odd/'.length)));
    const served = odd.filter((name) => !/[\\\n\x07]|^C:$|::|^\.\.\.$|^\.\.(;|dots)$/.test(name));
    expect(names).toEqual(expect.arrayContaining(served));
    expect(names).toContain('folder-as-index/');
    for (const name of ['dangling', 'outside', 'passwd', 'loop', 'pipe', 'socket', 'C:', 'back\\slash', '.hidden']) {
      expect(names.map((found) => found.replace(/\/$/, ''))).not.toContain(name);
    }
  });

  test.skipIf(process.getuid?.() === 0)('leaves out what the process may not read', async () => {
    const { links } = await linksOf('/odd/', { listing: true });
    expect(links.filter((link) => link.includes('locked'))).toEqual([]);
    const withoutIndex = await linksOf('/odd/', { listing: true, index: false });
    expect(withoutIndex.links.filter((link) => link.includes('locked'))).toEqual(['/odd/locked-index/']);
  });

  test('says the same however its path is spelled', async () => {
    const plain = await linksOf('/odd/', { listing: true });
    for (const uri of ['//odd//', '/./odd/./', '/x/../odd/', '/odd/%2e']) {
      const { status, links } = await linksOf(uri, { listing: true });
      expect([status, links.length], uri).toEqual([200, plain.links.length]);
    }
  });
});
