import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { RoundTrips } from '../../../src/cli/ping/round-trips.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { eventually } from '../../support/eventually.ts';
import { type FakeOptions, type RunningCli, startCli, stopAll } from '../support/fake-environment.ts';
import { freePort, startPeerServer } from '../support/peers.ts';

const servers: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) await server.stop();
});

async function startServer(onConnection: (socket: WebSocket) => void = () => undefined) {
  const pings: string[] = [];
  const server = await startPeerServer((socket) => {
    socket.on('ping', (data) => pings.push(data.toString()));
    onConnection(socket);
  });
  servers.push(server);
  return { url: server.url, pings };
}

/** Answers no pings. */
function mute(socket: WebSocket): void {
  Object.assign(socket, { _autoPong: false });
}

async function runPing(argv: readonly string[], options?: FakeOptions): Promise<RunningCli & { code: ExitCode }> {
  const cli = startCli(['ping', ...argv], options);
  return { ...cli, code: await cli.done };
}

describe('ws ping by the clock', () => {
  it('sends as many pings as were wanted, shows their times, and sums up', async () => {
    const { url, pings } = await startServer();
    const { code, stdout, stderr } = await runPing(['-c', '3', '-i', '0.01', url]);
    expect({ code, pings, err: stderr.text }).toEqual({ code: ExitCode.Done, pings: ['1', '2', '3'], err: '' });
    expect(stdout.text.replaceAll(url, 'URL').replaceAll(/\d+\.\d+/g, 'T')).toMatch(
      /^PING URL\npong 1 from URL: T ms\npong 2 from URL: T ms\npong 3 from URL: T ms\n--- URL ping statistics ---\n3 pings sent, 3 pongs received, 0% lost, \d+ ms\nround trip min\/avg\/max\/mdev T\/T\/T\/T ms\n$/,
    );
  });

  it('counts pongs that belong to no ping apart from answers', async () => {
    const { url } = await startServer((socket) => {
      socket.pong('nobody asked');
      socket.on('ping', (data) => socket.pong(data));
    });
    const { stdout } = await runPing(['-c', '2', '-i', '0.01', url]);
    expect(stdout.text).toMatch(
      /\n2 pings sent, 2 pongs received, 0% lost, \d+ ms\n[123] pongs? belongs? to no ping\n/,
    );
    const { stdout: json } = await runPing(['-c', '2', '-i', '0.01', '--json', url]);
    const { stray } = JSON.parse(json.text.trimEnd().split('\n').at(-1) ?? '');
    expect(stray).toBeGreaterThanOrEqual(1);
  });

  it('is what somebody at a terminal gets, until Ctrl-C', async () => {
    const { url, pings } = await startServer();
    const cli = startCli(['ping', url], { isTerminal: true });
    await cli.stdout.match(/pong 1 from/);
    cli.signal('SIGINT');
    expect(await cli.done).toBe(ExitCode.Interrupted);
    expect(pings).toEqual(['1']);
    expect(cli.stdout.text).toMatch(/\n1 pings sent, 1 pongs received, 0% lost, \d+ ms\n/);
    expect(cli.listenerCount()).toBe(0);
    // Behind the ^C that the terminal shows for the key.
    expect(cli.stderr.text).toBe('\n');
  });

  it('shows the sum only with -q, and objects with --json', async () => {
    const { url } = await startServer();
    const quiet = await runPing(['-q', '-c', '1', url]);
    expect(quiet.stdout.text).toMatch(/^--- \S+ ping statistics ---\n/);
    const json = await runPing(['--json', '-c', '1', url]);
    const events = json.stdout.text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(events).toMatchObject([
      { event: 'open', url },
      { event: 'pong', number: 1, roundTripMs: expect.any(Number) },
      { event: 'statistics', sent: 1, received: 1, roundTripMs: { min: expect.any(Number), mdev: 0 } },
    ]);
  });

  it('fails when there is no answer', async () => {
    const { url } = await startServer(mute);
    const { code, stdout, stderr } = await runPing(['-c', '2', '-i', '0', '-W', '0.05', url]);
    expect(code).toBe(ExitCode.Failed);
    expect(stderr.text).toBe('ws: ping: 2 pings were not answered\n');
    expect(stdout.text).toMatch(/\n2 pings sent, 0 pongs received, 100% lost, \d+ ms\n$/);
  });

  it.each([
    [1000, ExitCode.Failed],
    [1011, ExitCode.Closed],
  ])('ends when the other side closes with %i', async (closeCode, exitCode) => {
    const { url } = await startServer((socket) => socket.on('ping', () => socket.close(closeCode)));
    const { code, stdout } = await runPing(['-i', '0.01', url]);
    expect(code).toBe(exitCode);
    expect(stdout.text).toContain(`ping_pong: disconnected: code ${closeCode} reason `);
    expect(stdout.text).toContain('ping statistics ---\n');
  });

  it('fails when it cannot connect, and tells nothing of secrets', async () => {
    const port = await freePort();
    const { code, stdout, stderr } = await runPing(['-c', '1', `ws://user:hunter2@127.0.0.1:${port}/?token=hunter2`]);
    expect({ code, out: stdout.text }).toEqual({ code: ExitCode.Failed, out: '' });
    expect(stderr.text).toMatch(/^ws: ping: Unable to connect .*\n {4}Is the server running\?/);
    expect(stderr.text).not.toContain('hunter2');
    const { url } = await startServer();
    const shown = await runPing(['-c', '1', `${url.replace('ws://', 'ws://user:hunter2@')}/?token=hunter2`]);
    expect(shown.code).toBe(ExitCode.Done);
    expect(shown.stdout.text).not.toContain('hunter2');
  });
});

describe('ws ping with input', () => {
  it('sends each line as a ping, and shows the answers', async () => {
    const { url, pings } = await startServer((socket) => socket.send('hello\u001b[2J'));
    const { code, stdout } = await runPing([url], { input: 'a\na\n\nz☃\n' });
    expect({ code, pings }).toEqual({ code: ExitCode.Done, pings: ['a', 'a', '', 'z☃'] });
    const lines = stdout.text.replaceAll(/ \(\d+\.\d+ ms\)/g, '').split('\n');
    expect(lines).toEqual([
      'ping_pong: connected',
      'ping_pong: received message: hello\\x1b[2J',
      'ping_pong: received pong message: a',
      'ping_pong: received pong message: a',
      'ping_pong: received pong message: ',
      'ping_pong: received pong message: z☃',
      'ping_pong: disconnected: code 1000 reason Normal closure',
      '',
    ]);
  });

  it('says what is too long, sends the rest, and fails', async () => {
    const { url, pings } = await startServer();
    const { code, stderr } = await runPing([url], { input: `${'x'.repeat(126)}\n${'x'.repeat(125)}\n` });
    expect({ code, pings }).toEqual({ code: ExitCode.Failed, pings: ['x'.repeat(125)] });
    expect(stderr.text).toBe('ws: ping: a line of 126 bytes is too long for a ping: 125 at most\n');
  });

  it('ends at /close, and shows pings of the other side', async () => {
    const { url, pings } = await startServer((socket) => socket.ping('from there'));
    const cli = startCli(['ping', url]);
    await cli.stdout.match(/received ping message: from there\n/);
    cli.stdin.write('a\n/close\n');
    expect(await cli.done).toBe(ExitCode.Done);
    expect(pings).toEqual(['a']);
  });

  it('is interrupted by Ctrl-C, also before it is connected', async () => {
    const { url } = await startServer();
    const connected = startCli(['ping', url]);
    await connected.stdout.match(/connected/);
    connected.signal('SIGTERM');
    expect(await connected.done).toBe(ExitCode.Terminated);
    expect(connected.stdin.destroyed).toBe(true);
    const early = startCli(['ping', url]);
    await eventually('listening for signals', () => early.listenerCount() === 1);
    early.signal('SIGINT');
    expect(await early.done).toBe(ExitCode.Interrupted);
  });
});

describe('round trips', () => {
  it('are summed up', () => {
    const trips = new RoundTrips();
    for (const [index, ms] of [2, 4, 4, 4, 5, 5, 7, 9].entries()) {
      trips.onPing(String(index), 100);
      expect(trips.onPong(String(index), 100 + ms)).toBe(ms);
    }
    expect(trips.summary()).toEqual({ min: 2, avg: 5, max: 9, mdev: 2 });
    expect([trips.sent, trips.received, trips.missing]).toEqual([8, 8, 0]);
  });

  it('take nothing for an answer that is none', () => {
    const trips = new RoundTrips();
    expect(trips.summary()).toBeUndefined();
    trips.onPing('a', 0);
    expect(trips.onPong('b', 1)).toBeUndefined();
    expect(trips.onPong('a', 1)).toBe(1);
    expect(trips.onPong('a', 2)).toBeUndefined();
  });

  it('do not wait for pings that a later answer covers', () => {
    const trips = new RoundTrips();
    for (const payload of ['1', '2', '3']) trips.onPing(payload, 0);
    trips.onPong('2', 1);
    expect([trips.received, trips.missing]).toEqual([1, 1]);
  });

  it('remember a bounded number of pings', () => {
    const trips = new RoundTrips();
    for (let i = 0; i < 10_005; i++) trips.onPing(String(i), 0);
    expect(trips.missing).toBe(10_000);
    expect(trips.onPong('4', 1)).toBeUndefined();
    expect(trips.onPong('5', 1)).toBe(1);
  });

  it('lie between the shortest and the longest', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (times) => {
        const trips = new RoundTrips();
        for (const time of times) {
          trips.onPing('x', 0);
          trips.onPong('x', time);
        }
        const { min, avg, max, mdev } = trips.summary() ?? { min: 1, avg: 0, max: 0, mdev: -1 };
        expect(avg).toBeGreaterThanOrEqual(min * (1 - 1e-9));
        expect(avg).toBeLessThanOrEqual(max * (1 + 1e-9));
        expect(mdev).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
