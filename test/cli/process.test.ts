import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { version } from '../../src/index.ts';
import { Capture } from './support/fake-environment.ts';
import { freePort, Peer } from './support/peers.ts';

/** The built command: `npm test` builds first. */
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly stdout: Capture;
  readonly stderr: Capture;
  /** The exit code, or the signal that ended it. */
  readonly done: Promise<number | string | null>;
}

const children = new Set<ChildProcess>();

function ws(argv: readonly string[], input?: string): Running {
  const child = spawn(process.execPath, [main, ...argv], { stdio: 'pipe' });
  const stdout = new Capture();
  const stderr = new Capture();
  child.stdout.pipe(stdout);
  child.stderr.pipe(stderr);
  if (input !== undefined) child.stdin.end(input);
  children.add(child);
  const done = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve(code ?? signal);
    });
  });
  return { child, stdout, stderr, done };
}

async function startServer(...argv: string[]): Promise<Running & { url: string }> {
  const server = ws([...argv, '--port', '0']);
  const ended = server.done.then((code) => Promise.reject(new Error(`ended with ${code}: ${server.stderr.text}`)));
  return { ...server, url: await Promise.race([server.stdout.match(/Listening on (\S+)\n/), ended]) };
}

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});

describe('the process ws', () => {
  it.runIf(existsSync('/dev/full'))('says so in one line when its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [main, 'help'], { stdio: ['ignore', full, 'pipe'] });
    children.add(child);
    const stderr = new Capture();
    child.stderr?.pipe(stderr);
    const code = await new Promise((resolve) => child.on('close', resolve));
    closeSync(full);
    expect(code).toBe(1);
    expect(stderr.text).toMatch(/^ws: standard output: ENOSPC.+\n$/);
  });

  it('says its version', async () => {
    const run = ws(['--version']);
    expect(await run.done).toBe(0);
    expect(run.stdout.text).toMatch(
      new RegExp(`^ws ixwebsocket/${version.replaceAll('.', '\\.')} \\S+ ssl/OpenSSL .+\\n$`),
    );
    expect(run.stderr.text).toBe('');
  });

  it('ends with 2 for wrong usage', async () => {
    const run = ws(['echo_server', '--port', 'x']);
    expect(await run.done).toBe(2);
    expect(run.stdout.text).toBe('');
    expect(run.stderr.text).toBe(
      "ws: echo_server: --port must be a whole number from 0 to 65535, not 'x'\n    Try 'ws help echo_server'.\n",
    );
  });

  it('ends with 1 when it cannot connect, without waiting for input', async () => {
    const run = ws(['connect', `ws://127.0.0.1:${await freePort()}`]);
    expect(await run.done).toBe(1);
    expect(run.stdout.text).toBe('');
    expect(run.stderr.text).toMatch(/^ws: connect: Unable to connect to 127\.0\.0\.1 on port \d+, error: .+\n/);
  });

  it('echoes a line through a pipe, and the server stops at a signal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ws-'));
    const pidfile = join(folder, 'pid');
    const server = await startServer('echo_server', '-q', '--pidfile', pidfile);
    expect(readFileSync(pidfile, 'utf8')).toBe(String(server.child.pid));
    const client = ws(['connect', '--count', '1', server.url], 'hello\n');
    expect(await client.done).toBe(0);
    expect(client.stdout.text).toBe('hello\n');
    server.child.kill('SIGINT');
    expect(await server.done).toBe(0);
    expect(server.stdout.text).toBe(`Listening on ${server.url}\n`);
    expect(server.stderr.text).toBe('');
    expect(existsSync(pidfile)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('ends with 130 when a client is interrupted', async () => {
    const server = await startServer('echo_server', '-q');
    const client = ws(['connect', server.url]);
    await client.stderr.match(/connected/);
    client.child.kill('SIGINT');
    expect(await client.done).toBe(130);
  });

  it('ends with 3 when the server closes for a reason', async () => {
    const server = await startServer('echo_server', '-q', '--http_authorization_header', 'secret');
    const client = ws(['connect', '-q', '--wait', '-1', server.url], '');
    expect(await client.done).toBe(3);
    expect([client.stdout.text, client.stderr.text]).toEqual(['', '']);
  });

  it('pings by lines and by the clock', async () => {
    const server = await startServer('echo_server', '-q');
    const lines = ws(['ping', server.url], 'hello\n');
    const clock = ws(['ping', '-c', '2', '-i', '0.01', server.url]);
    expect([await lines.done, await clock.done]).toEqual([0, 0]);
    expect(lines.stdout.text).toMatch(
      /^ping_pong: connected\nping_pong: received pong message: hello \(\d+\.\d+ ms\)\n/,
    );
    expect(clock.stdout.text).toContain('\n2 pings sent, 2 pongs received, 0% lost, ');
    expect([lines.stderr.text, clock.stderr.text]).toEqual(['', '']);
  });

  it('carries what one says to another', async () => {
    const server = await startServer('broadcast_server');
    const alice = ws(['chat', server.url, 'alice']);
    await alice.stderr.match(/ws chat: connected/);
    const bob = ws(['chat', '-q', '--wait', '0', server.url, 'bob'], 'hello\n');
    expect(await bob.done).toBe(0);
    await alice.stdout.match(/^bob > hello\n/);
    alice.child.kill('SIGTERM');
    expect(await alice.done).toBe(143);
    expect([bob.stdout.text, bob.stderr.text]).toEqual(['', '']);
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const server = await startServer('echo_server');
    server.child.stdout?.destroy();
    const peer = await new Peer(server.url).opened();
    peer.socket.send('a');
    expect(await server.done).toBe(0);
    expect(server.stderr.text).toBe('');
    await peer.closed;
  });

  it('pushes a hundred thousand messages from one process to another', async () => {
    const server = await startServer('push_server', '-q');
    const client = ws(['autoroute', '--msg_count', '100000', server.url]);
    expect(await client.done).toBe(0);
    expect(client.stdout.text).toMatch(/\nAUTOROUTE IXWebSocket :: \d+ ms\n$/);
    expect(await server.done).toBe(0);
  });
});
