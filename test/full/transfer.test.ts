import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Capture } from '../cli/support/fake-environment.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const MB = 1_000_000;

interface Watched {
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly done: Promise<number | null>;
  /** The most memory that the process had, in bytes. */
  readonly mostResident: () => number;
}

function ws(...argv: string[]): Watched {
  const child: ChildProcess = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [stdout, stderr] = [new Capture(), new Capture()];
  child.stdout?.pipe(stdout);
  child.stderr?.pipe(stderr);
  let most = 0;
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It is gone.
    }
  }, 50);
  const done = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      clearInterval(watch);
      resolve(code);
    });
  });
  return { stdout, stderr, done, mostResident: () => most };
}

function writeRandomFile(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  const piece = randomFillSync(Buffer.allocUnsafe(16 * 1024 * 1024));
  for (let written = 0; written < bytes; written += piece.length) {
    // Random numbers for all of it would take longer than the transfer; no two pieces are the same.
    piece.writeUIntBE(written, 0, 6);
    writeSync(file, piece, 0, Math.min(piece.length, bytes - written));
  }
  closeSync(file);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

describe('a file of 1 GiB', () => {
  it('arrives intact over connections that are cut ten times, with less than 100 MB of memory on each side', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ws-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'large.bin');
    writeRandomFile(path, 1024 ** 3);
    const relay = ws('transfer', '-q', '--port', '0');
    const port = Number(new URL(await relay.stdout.match(/Listening on (\S+)\n/)).port);
    // Both sides go through it, so twice the file passes, and what is sent again.
    const cuts = Array.from({ length: 10 }, (_, index) => (index + 1) * 190 * MB);
    const proxy = await startCuttingProxy(port, cuts);
    onTestFinished(() => proxy.stop());
    const receiver = ws('receive', '--to', join(folder, 'received'), proxy.url);
    await receiver.stdout.match(/Waiting for message/);
    const sender = ws('send', proxy.url, path);
    expect([await sender.done, sender.stderr.text]).toEqual([0, '']);
    expect([await receiver.done, receiver.stderr.text]).toEqual([0, '']);
    expect(proxy.cuts).toBe(10);
    expect(await sha256(join(folder, 'received/large.bin'))).toBe(await sha256(path));
    const mostMB = [sender, receiver, relay].map(({ mostResident }) => Math.round(mostResident() / MB));
    console.log(`most memory in MB of sender, receiver and relay: ${mostMB.join(', ')}`);
    expect(mostMB[0]).toBeLessThan(100);
    expect(mostMB[1]).toBeLessThan(100);
    expect(mostMB[2]).toBeLessThan(150);
  });
});
