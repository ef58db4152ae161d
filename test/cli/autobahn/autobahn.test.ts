import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCli, stopAll } from '../support/fake-environment.ts';
import { freePort, startPeerServer } from '../support/peers.ts';

afterEach(stopAll);

type Case = (socket: WebSocket) => void;

/** A test server with these cases; `events` gets what it sees. */
async function startTestServer(cases: readonly Case[], events: string[], count = String(cases.length)) {
  return startPeerServer((socket, uri) => {
    events.push(uri);
    const number = /^\/runCase\?case=(\d+)&agent=ixwebsocket$/.exec(uri)?.[1];
    if (number !== undefined) {
      socket.on('message', (data, isBinary) =>
        events.push(`${isBinary ? 'binary' : 'text'} ${(data as Buffer).length}`),
      );
      cases[Number(number) - 1]?.(socket);
      return;
    }
    if (uri === '/getCaseCount') socket.send(count);
    socket.close(1000);
  });
}

/** Sends a message and closes when it has come back. */
const echoCase =
  (data: string | Buffer): Case =>
  (socket) => {
    socket.send(data);
    socket.once('message', () => socket.close(1000));
  };

/** The TCP socket below. */
const raw = (socket: WebSocket): Socket => (socket as unknown as { _socket: Socket })._socket;

describe('ws autobahn', () => {
  it('runs every case, echoing as text or binary, and has the report written', async () => {
    const events: string[] = [];
    const fragmented: Case = (socket) => {
      socket.send('a'.repeat(10), { fin: false });
      socket.ping();
      socket.send('b'.repeat(5), { fin: true });
      socket.once('message', () => socket.close(1000));
    };
    const server = await startTestServer(
      [echoCase('x'.repeat(70_000)), echoCase(Buffer.alloc(3)), fragmented, echoCase(Buffer.alloc(16 * 1024 * 1024))],
      events,
    );
    const cli = startCli(['autobahn', '--url', server.url]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(events).toEqual([
      '/getCaseCount',
      '/runCase?case=1&agent=ixwebsocket',
      'text 70000',
      '/runCase?case=2&agent=ixwebsocket',
      'binary 3',
      '/runCase?case=3&agent=ixwebsocket',
      'text 15',
      '/runCase?case=4&agent=ixwebsocket',
      'binary 16777216',
      '/updateReports?agent=ixwebsocket',
    ]);
    expect(cli.stdout.text.replaceAll(/^\[.*?\] \[info\] /gm, '')).toBe(
      'Test cases count: 4\nExecute test case 1\nExecute test case 2\nExecute test case 3\nExecute test case 4\n' +
        'Report generated\n',
    );
    expect(cli.stderr.text).toBe('');
    await server.stop();
  });

  it('goes on after a case that breaks the protocol or the connection', async () => {
    const events: string[] = [];
    const broken: Case = (socket) => raw(socket).write(Buffer.from([0xff, 0x00]));
    const reset: Case = (socket) => raw(socket).destroy();
    const server = await startTestServer([broken, reset, echoCase('after')], events);
    const cli = startCli(['autobahn', '-q', '--url', `${server.url}/`]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(events.slice(-3)).toEqual([
      '/runCase?case=3&agent=ixwebsocket',
      'text 5',
      '/updateReports?agent=ixwebsocket',
    ]);
    expect(cli.stdout.text).toBe('');
    await server.stop();
  });

  it('gives up a case in which nothing happens, and says so', async () => {
    const events: string[] = [];
    const server = await startTestServer([() => undefined, echoCase('after')], events);
    const cli = startCli(['autobahn', '-q', '--url', server.url, '--timeout', '0.2']);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toContain('Test case 1 was given up: there was no message for 0.2 s');
    expect(events.at(-1)).toBe('/updateReports?agent=ixwebsocket');
    await server.stop();
  });

  it.each(['', 'many', '-1', '1e3'])('fails when the number of cases is %j', async (count) => {
    const server = await startTestServer([], [], count);
    const cli = startCli(['autobahn', '--url', server.url]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toBe(`ws: autobahn: Cannot retrieve test case count at url ${server.url}\n`);
    await server.stop();
  });

  it('fails when there is no server', async () => {
    const cli = startCli(['autobahn', '--url', `ws://127.0.0.1:${await freePort()}`]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(/^ws: autobahn: Unable to connect to 127\.0\.0\.1 on port \d+/);
  });

  it('is interrupted by Ctrl-C in the middle of a case', async () => {
    const events: string[] = [];
    let hasBegun = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      hasBegun = resolve;
    });
    const server = await startTestServer([hasBegun, echoCase('never')], events);
    const cli = startCli(['autobahn', '--url', server.url]);
    await begun;
    cli.signal('SIGINT');
    expect(await cli.done).toBe(ExitCode.Interrupted);
    expect(events).toHaveLength(2);
    await server.stop();
  });
});
