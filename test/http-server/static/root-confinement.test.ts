import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serveFiles } from '../../../src/http-server/static/static-files.ts';
import { HIDDEN, readBody, SECRET, StaticTree, staticRequest } from '../../support/static-tree.ts';

const tree = new StaticTree();
let listener: Server;

beforeAll(async () => {
  tree.write('index.html', 'home');
  tree.write('public/page.html', 'page');
  for (const path of ['.git/config', '.env', 'public/.htpasswd', '.hidden/page.html', '.well-known/.secret']) {
    tree.write(path, HIDDEN);
  }
  tree.link(join(tree.outside, 'secret.txt'), 'link-to-file');
  tree.link(tree.outside, 'link-to-directory');
  tree.link('../outside/secret.txt', 'relative-link');
  tree.link('link-to-file', 'link-to-link');
  tree.link(`${tree.root}-private`, 'link-to-neighbour');
  tree.link('/', 'link-to-everything');
  tree.link('/proc/self', 'link-to-process');
  tree.link('/dev/zero', 'link-to-device');
  tree.link('loop', 'loop');
  tree.link('missing', 'dangling');
  tree.link('.git/config', 'link-to-hidden');
  tree.link('.hidden', 'link-to-hidden-directory');
  tree.link('public/page.html', 'link-inside');
  tree.link('public', 'link-inside-directory');
  tree.pipe('pipe');
  listener = createServer().listen(join(tree.root, 'socket'));
  await new Promise((resolve) => listener.once('listening', resolve));
});

afterEach(() => {
  expect(tree.openFiles().filter((path) => !path.endsWith('socket'))).toEqual([]);
});

afterAll(async () => {
  await new Promise((resolve) => listener.close(resolve));
  tree.remove();
});

async function ask(uri: string, options = {}): Promise<{ status: number; text: string }> {
  const response = await serveFiles(tree.root, options)(staticRequest(uri, { Accept: 'text/html' }));
  return { status: response.statusCode, text: (await readBody(response)).toString('latin1') };
}

/** Ways to write a path to `name` beside the root, or to any file of the system. */
const traversals: readonly string[] = [
  '..',
  '%2e%2e',
  '%2E%2e',
  '.%2e',
  '%2e.',
  '%252e%252e',
  '..;',
  '..%00',
  '..%20',
  '..%c0%af',
  '%c0%ae%c0%ae',
  '%e0%80%ae%e0%80%ae',
  '%u002e%u002e',
  '．．',
  '%ef%bc%8e%ef%bc%8e',
  '..%09',
  '...',
  '.../...',
  'public/..',
  'public/../..',
  'public/%2e%2e/%2e%2e',
  './..',
  'a/../..',
].flatMap((up) => {
  const ways = ['/', '%2f', '%2F', '\\', '%5c', '%5C', '//', '/./', '%252f', '%c0%af', '%00/', ';/'];
  return ways.flatMap((slash) => [
    `/${up}${slash}secret.txt`,
    `/${up}${slash}outside${slash}secret.txt`,
    `/${up}${slash}root-private${slash}secret.txt`,
    `/${Array(12).fill(up).join(slash)}${slash}etc${slash}passwd`,
    `${slash}${up}${slash}secret.txt`,
    `http://h/${up}${slash}secret.txt`,
  ]);
});

describe('a path', () => {
  test('never leads out of the root, however it is written', async () => {
    expect(traversals.length).toBeGreaterThan(1500);
    for (const uri of traversals) {
      for (const options of [{}, { dotFiles: 'allow', listing: true, precompressed: true }]) {
        const { status, text } = await ask(uri, options);
        expect([400, 404], `${uri} gives ${status}`).toContain(status);
        expect(text, uri).not.toMatch(/secret outside|root:/);
      }
    }
  });

  test.each([
    '/./public/page.html',
    '//public/page.html',
    '/public//page.html',
    '/public/./page.html',
    '/public/%2E/page.html',
    '///public/.//./page.html',
    '/public/../public/page.html',
    '/none/%2e%2e/public/page.html',
    '/.hidden/../public/page.html',
    'http://h//public/./page.html',
  ])('that says the same in another way, %s, is served', async (uri) => {
    expect(await ask(uri)).toEqual({ status: 200, text: 'page' });
  });

  test('that begins with two slashes never sends a client to another host', async () => {
    const response = await serveFiles(tree.root)(staticRequest('//public'));
    expect([response.statusCode, response.headers.get('Location')]).toEqual([301, '/public/']);
  });

  test('to a hidden file stays hidden in every spelling', async () => {
    for (const uri of ['/./.env', '//.env', '/public/../.env', '/public/..//.git/./config', '/.well-known/../.env']) {
      expect(await ask(uri), uri).toEqual({ status: 404, text: 'Not Found\n' });
    }
  });

  test('that is absolute to the system is not below the root', async () => {
    const absolute = join(tree.outside, 'secret.txt');
    for (const uri of [
      absolute,
      `/${absolute}`,
      `//${absolute}`,
      `/%2f${absolute.slice(1)}`,
      '/etc/passwd',
      '//etc/passwd',
      '///etc/passwd',
      '/file:///etc/passwd',
      'file:///etc/passwd',
      'file://h/etc/passwd',
      '/C:/Windows/win.ini',
      '/C:%5cWindows%5cwin.ini',
      '\\\\server\\share',
    ]) {
      const { status, text } = await ask(uri);
      expect([400, 404], uri).toContain(status);
      expect(text).not.toMatch(/secret outside|root:/);
    }
  });

  test('to hidden files is as good as none', async () => {
    for (const uri of [
      '/.git/config',
      '/.git',
      '/.git/',
      '/.env',
      '/%2eenv',
      '/%2Egit/config',
      '/public/.htpasswd',
      '/.hidden/page.html',
      '/.well-known/.secret',
      '/link-to-hidden',
      '/link-to-hidden-directory/page.html',
      '/link-inside-directory/.htpasswd',
    ]) {
      expect(await ask(uri), uri).toEqual({ status: 404, text: 'Not Found\n' });
    }
    expect((await ask('/.env', { dotFiles: 'allow' })).text).toBe(HIDDEN);
    expect((await ask('/link-to-hidden', { dotFiles: 'allow' })).text).toBe(HIDDEN);
  });

  test('of any length is answered', async () => {
    for (const uri of [
      `/${'a'.repeat(8200)}`,
      `/${'a/'.repeat(4100)}`,
      `/${'%61'.repeat(2800)}`,
      `/${'../'.repeat(2800)}etc/passwd`,
    ]) {
      expect((await ask(uri)).status).toBe(414);
    }
    expect((await ask(`/${'a/'.repeat(4000)}a`)).status).toBe(404);
    expect((await ask(`/${'./'.repeat(4000)}index.html`)).text).toBe('home');
    expect((await ask(`/${'../'.repeat(2600)}etc/passwd`)).status).toBe(400);
    expect((await ask(`/${'a'.repeat(4000)}`)).status).toBe(404);
  });
});

describe('a symbolic link', () => {
  test('within the root is followed', async () => {
    expect((await ask('/link-inside')).text).toBe('page');
    expect((await ask('/link-inside-directory/page.html')).text).toBe('page');
  });

  test.each([
    '/link-to-file',
    '/link-to-directory/secret.txt',
    '/link-to-directory',
    '/link-to-directory/',
    '/relative-link',
    '/link-to-link',
    '/link-to-neighbour/secret.txt',
    '/link-to-everything/etc/passwd',
    '/link-to-everything/',
    '/link-to-process/environ',
    '/link-to-process/cwd/package.json',
    '/link-to-process/root/etc/passwd',
    '/link-to-process/fd/0',
    '/link-to-device',
    '/loop',
    '/dangling',
  ])('%s that leads out of it, or nowhere, is as good as none', async (uri) => {
    expect(await ask(uri)).toEqual({ status: 404, text: 'Not Found\n' });
    expect(await ask(uri, { listing: true, dotFiles: 'allow' })).toEqual({ status: 404, text: 'Not Found\n' });
  });
});

describe('what is no file', () => {
  test.each(['/pipe', '/socket', '/pipe/', '/socket/x'])('%s is neither served nor waited for', async (uri) => {
    expect(await ask(uri, { listing: true })).toEqual({ status: 404, text: 'Not Found\n' });
  });
});

describe.runIf(existsSync('/proc/self/fd'))('a link that is moved while requests run', () => {
  const rounds = 400;

  /** Swaps what `path` is, in one step, as often as it is asked for. */
  function swapper(path: string, makers: readonly ((at: string) => void)[]): () => void {
    let turn = 0;
    return () => {
      const fresh = `${path}.next`;
      rmSync(fresh, { recursive: true, force: true });
      makers[turn++ % makers.length]?.(fresh);
      rmSync(path, { recursive: true, force: true });
      renameSync(fresh, path);
    };
  }

  async function race(uri: string, options: object, swap: () => void): Promise<Set<string>> {
    const answer = serveFiles(tree.root, options);
    const seen = new Set<string>();
    let isDone = false;
    const swapping = (async () => {
      while (!isDone) {
        swap();
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const worker = async (): Promise<void> => {
      for (let i = 0; i < rounds / 8; i++) {
        const response = await answer(staticRequest(uri));
        try {
          seen.add(`${response.statusCode} ${(await readBody(response)).toString('latin1')}`);
        } catch (error) {
          seen.add((error as { code: string }).code);
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    isDone = true;
    await swapping;
    return seen;
  }

  test('never shows a file from outside', async () => {
    const inside = (at: string): void => writeFileSync(at, 'inside');
    const outside = (at: string): void => symlinkSync(join(tree.outside, 'secret.txt'), at);
    const seen = await race('/swapped', {}, swapper(join(tree.root, 'swapped'), [inside, outside]));
    for (const answer of seen)
      expect(['200 inside', '200 ', '404 Not Found\n', '503 Service Unavailable\n']).toContain(answer);
    expect(seen).toContain('404 Not Found\n');
  });

  test('never shows what is in a directory outside', async () => {
    const inside = (at: string): void => {
      mkdirSync(at);
      writeFileSync(join(at, 'secret.txt'), 'inside');
    };
    const outside = (at: string): void => symlinkSync(tree.outside, at);
    const swap = swapper(join(tree.root, 'swapped-directory'), [inside, outside]);
    writeFileSync(join(tree.outside, 'only-outside.txt'), SECRET);
    const seen = await race('/swapped-directory/secret.txt', {}, swap);
    for (const answer of seen) expect(['200 inside', '404 Not Found\n']).toContain(answer);
    const listed = await race('/swapped-directory/', { listing: true }, swap);
    for (const answer of listed) expect(answer).not.toContain('only-outside');
  });

  test('never shows a large file from outside, half or whole', async () => {
    const size = 300_000;
    const inside = (at: string): void => writeFileSync(at, Buffer.alloc(size, 'i'));
    writeFileSync(join(tree.outside, 'large.bin'), Buffer.alloc(size, 's'));
    const outside = (at: string): void => symlinkSync(join(tree.outside, 'large.bin'), at);
    const answer = serveFiles(tree.root);
    const swap = swapper(join(tree.root, 'swapped-large'), [inside, outside]);
    swap();
    for (let i = 0; i < 50; i++) {
      const response = await answer(staticRequest('/swapped-large'));
      swap();
      let bytes: Buffer = Buffer.alloc(0);
      try {
        bytes = await readBody(response);
      } catch (error) {
        expect(error).toMatchObject({ code: 'fileChanged' });
      }
      expect(bytes.includes('ss')).toBe(false);
    }
  });
});
