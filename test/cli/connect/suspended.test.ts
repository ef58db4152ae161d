import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import WebSocket from 'ws';
import { eventually } from '../../support/eventually.ts';
import { startPeerServer } from '../support/peers.ts';
import { type PtyProcess, wsInJob } from '../support/pty.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/*
 * A command that is stopped and goes on, in a shell with job control.
 */

let url = '';
let stopServer: () => Promise<void> = () => Promise.resolve();
let peer: WebSocket | undefined;
let process: PtyProcess | undefined;

beforeAll(async () => {
  const server = await startPeerServer((socket) => {
    peer = socket;
    socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
  });
  ({ url } = server);
  stopServer = () => server.stop();
});

afterEach(() => {
  process?.kill();
  peer?.terminate();
});

afterAll(() => stopServer());

interface Stopping {
  readonly how: string;
  /** The mode of the terminal that the shell finds. */
  readonly found: string;
  stop(pid: number, terminal: PtyProcess): void;
}

const stoppings: readonly Stopping[] = [
  { how: 'Ctrl-Z', found: 'stopped icanon', stop: (_, terminal) => terminal.type('\u001a') },
  { how: 'SIGTSTP', found: 'stopped icanon', stop: (pid) => void globalThis.process.kill(pid, 'SIGTSTP') },
  // Nobody hears of it, so the terminal stays as it was.
  { how: 'SIGSTOP', found: 'stopped -icanon', stop: (pid) => void globalThis.process.kill(pid, 'SIGSTOP') },
];

async function startConnect(options: readonly string[]): Promise<{ terminal: PtyProcess; pid: number }> {
  const pidfile = new TemporaryFolder().at('pid');
  process = wsInJob(['connect', '--disable-history', '--pidfile', pidfile, ...options]);
  await process.sees(/^ws_connect: connected|^Listening on/);
  return { terminal: process, pid: Number(readFileSync(pidfile, 'utf8')) };
}

/** Stops it, and has the shell continue it. */
async function stopAndGoOn(terminal: PtyProcess, pid: number, { stop, found }: Stopping, round = 1): Promise<void> {
  stop(pid, terminal);
  await eventually(found, () => terminal.output().split(found).length > round);
  terminal.type(`go ${round}\n`);
  await terminal.sees(`read go ${round}`);
}

describe.each(stoppings)('ws connect that was stopped by $how', (stopping) => {
  it('hears every key again, has what was typed before, and shows what came meanwhile', async () => {
    const { terminal, pid } = await startConnect([url]);
    terminal.type('one ');
    await terminal.sees('> one');
    stopping.stop(pid, terminal);
    await terminal.sees(new RegExp(`${stopping.found}$`));
    peer?.send('meanwhile');
    terminal.type('go\n');
    await terminal.sees(['< meanwhile', '> one']);
    terminal.type('two\u001b[D\u001b[D\u001b[Dx\r');
    await terminal.sees(['> one xtwo', '< one xtwo', '>']);
    terminal.type('\u0003');
    await terminal.sees('exit 130');
  });

  it('can be stopped once more, and ends by Ctrl-D', async () => {
    const { terminal, pid } = await startConnect([url]);
    await stopAndGoOn(terminal, pid, stopping);
    await terminal.sees(['read go 1', '>']);
    await stopAndGoOn(terminal, pid, stopping, 2);
    await terminal.sees(['read go 2', '>']);
    terminal.type('\u0004');
    await terminal.sees('exit 0');
  });

  it('knows how wide the terminal has become', async () => {
    const { terminal, pid } = await startConnect([url]);
    stopping.stop(pid, terminal);
    await terminal.sees(new RegExp(`${stopping.found}$`));
    terminal.resize(40);
    terminal.type('go\n');
    await terminal.sees(['read go', '>']);
    const text = 'x'.repeat(60);
    terminal.type(text);
    await terminal.sees([`> ${'x'.repeat(38)}`, 'x'.repeat(22)]);
    peer?.send('more');
    await terminal.sees(['< more', `> ${'x'.repeat(38)}`, 'x'.repeat(22)]);
    terminal.type('\u0003');
    await terminal.sees('exit 130');
  });

  it('goes on with --listen as well', async () => {
    const { terminal, pid } = await startConnect(['--listen', '0']);
    const [line = ''] = (await terminal.sees(/^Listening on/)).filter((shown) => shown.startsWith('Listening'));
    await stopAndGoOn(terminal, pid, stopping);
    const client = new WebSocket(line.slice('Listening on '.length));
    client.on('open', () => client.send('hello'));
    await terminal.sees(['< hello', '>']);
    terminal.type('back\r');
    await new Promise((resolve) => client.once('message', resolve));
    client.terminate();
    terminal.type('\u0003');
    await terminal.sees('exit 130');
  });
});

describe('ws chat that was stopped', () => {
  it('hears every key again', async () => {
    process = wsInJob(['chat', url, 'me']);
    await process.sees('ws chat: connected');
    process.type('\u001a');
    await process.sees('stopped icanon');
    process.type('go\n');
    await process.sees(['read go', 'me >']);
    process.type('hi\r');
    await process.sees(/hi$/);
    process.type('\u0003');
    await process.sees('exit 130');
  });
});

describe('ws connect --json that was stopped', () => {
  it('reads lines again', async () => {
    process = wsInJob(['connect', '--json', url]);
    await process.sees(/"type":"open"|"event":"open"/);
    process.type('\u001a');
    // The terminal shows the key.
    await process.sees(/stopped icanon$/);
    process.type('go\n');
    await process.sees('read go');
    process.type('hi\n');
    await process.sees(/"hi"/);
    process.type('\u0003');
    await process.sees('exit 130');
  });
});
