import { afterEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { freePort, Peer, startPeerServer } from '../support/peers.ts';

afterEach(stopAll);

describe('ws push_server', () => {
  it('sends as many text messages as the URL says, echoes, and ends with its first client', async () => {
    const server = await startServer(['push_server', '--send_msg', 'hé']);
    const peer = await new Peer(`${server.url}3abc`).opened();
    expect(await peer.count(3)).toEqual(
      Array.from({ length: 3 }, () => ({ data: Buffer.from('hé'), isBinary: false })),
    );
    peer.socket.send('back');
    expect((await peer.texts(4))[3]).toBe('back');
    peer.socket.close();
    expect(await server.done).toBe(ExitCode.Done);
    expect(server.stdout.text).toContain('Uri: /3abc');
    expect(server.stderr.text).toBe('');
  });

  it.each(['abc', '0', '-5'])('sends nothing for /%s and stays', async (path) => {
    const server = await startServer(['push_server', '-q']);
    const peer = await new Peer(server.url + path).opened();
    peer.socket.send('first');
    expect(await peer.texts(1)).toEqual(['first']);
  });

  it('closes where no number is given', async () => {
    const server = await startServer(['push_server', '-q']);
    const peer = new Peer(server.url);
    expect(await peer.closed).toEqual({ code: 1000, reason: 'Normal closure' });
    expect(await server.done).toBe(ExitCode.Done);
    expect(server.stderr.text).toContain('Error parsing message count, closing connection');
  });

  it('loses nothing of a client that is slow to read', async () => {
    const server = await startServer(['push_server', '-q', '--send_msg', 'x'.repeat(1000)]);
    const peer = new Peer(`${server.url}40000`);
    peer.socket.on('open', () => peer.socket.pause());
    await peer.opened();
    for (let turns = 0; turns < 2000; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(peer.received.length).toBeLessThan(40_000);
    peer.socket.resume();
    expect(await peer.count(40_000)).toHaveLength(40_000);
  });

  it('ends when its client is gone before everything was sent', async () => {
    const server = await startServer(['push_server', '-q', '--send_msg', 'x'.repeat(1000)]);
    const peer = await new Peer(`${server.url}2000000000`).opened();
    await peer.count(10);
    peer.socket.terminate();
    expect(await server.done).toBe(ExitCode.Done);
  });

  it('is stopped by a signal while it sends', async () => {
    const server = await startServer(['push_server', '-q']);
    const peer = await new Peer(`${server.url}2000000000`).opened();
    await peer.count(1000);
    server.signal('SIGINT');
    expect(await server.done).toBe(ExitCode.Done);
    expect((await peer.closed).code).toBe(1000);
  });
});

describe('ws autoroute', () => {
  it('counts what a push_server sends and says how long it took', async () => {
    const server = await startServer(['push_server', '-q']);
    const cli = startCli(['autoroute', '--msg_count', '100000', server.url]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(await server.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toMatch(/^Connecting to ws:\S+\.\.\.\nws_autoroute: connected\nUri: \/100000\nHeaders:\n/);
    expect(cli.stdout.text).toMatch(/\nws_autoroute: connection closed\nAUTOROUTE IXWebSocket :: \d+ ms\n$/);
    expect(cli.stderr.text).toMatch(/^ws_autoroute full test completed in \d+ us\n$/);
    expect(cli.listenerCount()).toBe(0);
  });

  it('ends at once when it asks for nothing', async () => {
    const server = await startServer(['push_server', '-q']);
    const cli = startCli(['autoroute', '--msg_count', '0', server.url]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toMatch(/\nAUTOROUTE IXWebSocket :: 0 ms\n$/);
  });

  it('fails when it cannot connect', async () => {
    const port = await freePort();
    const cli = startCli(['autoroute', `ws://127.0.0.1:${port}`]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(/^ws: autoroute: Unable to connect to 127\.0\.0\.1 on port \d+, error: /);
    expect(cli.stdout.text).not.toContain('AUTOROUTE');
  });

  it('fails when the server closes early', async () => {
    const server = await startPeerServer((socket) => {
      socket.send('1');
      socket.send('2');
      socket.close(4000, 'enough');
    });
    const cli = startCli(['autoroute', '--msg_count', '10', server.url]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toBe(
      'ws: autoroute: the connection was closed after 2 of 10 messages (code 4000, enough)\n',
    );
    await server.stop();
  });

  it('is interrupted by Ctrl-C', async () => {
    const server = await startServer(['echo_server', '-q']);
    const cli = startCli(['autoroute', server.url]);
    await cli.stdout.match(/connected/);
    cli.signal('SIGINT');
    expect(await cli.done).toBe(ExitCode.Interrupted);
  });
});
