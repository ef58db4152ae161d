import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { eventually } from '../../support/eventually.ts';
import { startPeerServer } from '../support/peers.ts';
import { type PtyProcess, wsInPty, wsInShell } from '../support/pty.ts';
import { rendered } from '../support/rendered.ts';

let folder = '';
let url = '';
let stopServer: () => Promise<void> = () => Promise.resolve();
let latest: WebSocket | undefined;
const started: PtyProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ws-pty-'));
  const server = await startPeerServer((socket) => {
    latest = socket;
    socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
  });
  ({ url } = server);
  stopServer = () => server.stop();
});

afterEach(() => {
  for (const process of started.splice(0)) process.kill();
});

afterAll(async () => {
  await stopServer();
  rmSync(folder, { recursive: true });
});

function begin(process: PtyProcess): PtyProcess {
  started.push(process);
  return process;
}

describe('ws connect in a pseudo-terminal', () => {
  it('has a prompt that stays below what arrives, colours, editing, and a history across runs', async () => {
    const variables = { XDG_STATE_HOME: folder };
    const first = begin(wsInPty(['connect', url], variables));
    await first.sees('ws_connect: connected');
    // Left three times, then the letter that was missing.
    first.type('{"a" 1}\u001b[D\u001b[D\u001b[D');
    await first.sees('> {"a" 1}');
    latest?.send('\u001b]0;title\u0007');
    await first.sees(['< \\x1b]0;title\\x07', '> {"a" 1}']);
    first.type(':\r');
    await first.sees(['> {"a": 1}', '< {', '    "a": 1', '  }', '>']);
    expect(first.output()).toContain('\u001b[34m"a"\u001b[39m: \u001b[33m1\u001b[39m');
    first.type('\u0004');
    expect(await first.done).toBe(0);

    const second = begin(wsInPty(['connect', url], { ...variables, NO_COLOR: '1' }));
    await second.sees('ws_connect: connected');
    second.type('\u001b[A');
    await second.sees('> {"a": 1}');
    second.type('\r');
    await second.sees('    "a": 1');
    expect(second.output()).not.toMatch(/\u001b\[\d+m/);
    second.type('/quit\r');
    expect(await second.done).toBe(0);
  });

  it('keeps its prompt below lines that are wrapped', async () => {
    const narrow = begin(wsInPty(['connect', '--disable-history', '-v', url], {}, { columns: 40 }));
    await narrow.sees(/^ws_connect: connected/);
    const words = 'one two three four five six seven eight nine ten';
    narrow.type(`${words}\r`);
    await narrow.sees(/^< one/);
    latest?.send('more');
    const shown = await narrow.sees('< more');
    const frame = `frame < text, fin, 48 bytes: "${words.slice(0, 40)}"…`;
    expect(shown.slice(shown.indexOf('> one two three four five six seven eigh') + 2)).toEqual([
      ...[`frame > text, fin, masked, 48 bytes: "${words.slice(0, 40)}"…`, frame].flatMap((line) => [
        line.slice(0, 40).trimEnd(),
        line.slice(40, 80).trimEnd(),
        ...(line.length > 80 ? [line.slice(80)] : []),
      ]),
      '< one two three four five six seven eigh',
      't nine ten',
      'frame < text, fin, 4 bytes: "more"',
      '< more',
      '>',
    ]);
    narrow.type('\u0004');
    expect(await narrow.done).toBe(0);
  });

  it('gives the terminal back at Ctrl-C, and ends with 130', async () => {
    const shell = begin(wsInShell(['connect', '--disable-history', url]));
    await shell.sees('ws_connect: connected');
    shell.type('half a line\u0003');
    expect(await shell.done).toBe(0);
    const shown = await shell.sees(/^after /);
    expect(shown).toContain('exit 130');
    const settings = shown.filter((line) => /^(before|after) /.test(line)).map((line) => line.replace(/^\w+ /, ''));
    expect(settings).toHaveLength(2);
    expect(settings[0]).toBe(settings[1]);
  });
});

describe('ws connect in a terminal that has no cursor', () => {
  it('writes nothing but text', async () => {
    const process = begin(wsInPty(['connect', '--disable-history', url], { TERM: 'dumb' }));
    await process.sees('ws_connect: connected');
    process.type('hello\r');
    await process.sees('< hello');
    process.type('/quit\r');
    expect(await process.done).toBe(0);
    expect(process.output()).not.toContain('\u001b');
  });
});

describe('ws chat in a pseudo-terminal', () => {
  it('has a prompt with the name, and shows who says what', async () => {
    const shell = begin(wsInShell(['chat', url, 'alice']));
    await shell.sees('ws chat: connected');
    shell.type('hello\r');
    // The typed line looks like the message that the server sends back, and is there before: an empty prompt is not.
    await eventually('an empty prompt below what was said', () => {
      const lines = rendered(shell.output(), 120);
      return lines.includes('alice > hello') && lines.at(-1) === 'alice >';
    });
    shell.type('\u0003');
    const shown = await shell.sees(/^after /);
    expect(shown).toContain('exit 130');
  });
});

describe('ws ping in a pseudo-terminal', () => {
  it('pings until Ctrl-C, and sums up', async () => {
    const ping = begin(wsInPty(['ping', '-i', '0.05', url]));
    await ping.sees(/^pong 3 from ws:\S+: \d+\.\d\d ms$/);
    ping.type('\u0003');
    expect(await ping.done).toBe(130);
    // The summary begins a line of its own.
    await ping.sees(/^--- ws:\S+ ping statistics ---$/);
    await ping.sees(/^\d+ pings sent, \d+ pongs received, 0% lost, \d+ ms$/);
    await ping.sees(/^round trip min\/avg\/max\/mdev (\d+\.\d{3}\/){3}\d+\.\d{3} ms$/);
  });
});
