import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { ChatDialect } from '../../../src/cli/chat/chat-dialect.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import type { WebSocketDataMessage } from '../../../src/index.ts';
import { eventually } from '../../support/eventually.ts';
import { type FakeOptions, type RunningCli, startCli, stopAll } from '../support/fake-environment.ts';
import { startPeerServer } from '../support/peers.ts';
import { rendered } from '../support/rendered.ts';

const servers: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) await server.stop();
});

/** Sends every message to all clients but its sender, as a broadcast server does. */
async function startRoom() {
  const sockets = new Set<WebSocket>();
  const messages: string[] = [];
  const server = await startPeerServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('message', (data, isBinary) => {
      messages.push(`${isBinary ? 'b' : 't'}:${(data as Buffer).toString()}`);
      for (const other of sockets) if (other !== socket) other.send(data as Buffer, { binary: isBinary });
    });
  });
  servers.push(server);
  return {
    url: server.url,
    messages,
    say: (text: string | Buffer) => {
      for (const socket of sockets) socket.send(text);
    },
  };
}

const hex = (text: string): string => Buffer.from(text).toString('hex');
const pdu = (user: string, text: string): string => `text ${hex(text)}\nuser ${hex(user)}\n`;

async function join(url: string, name: string, options: FakeOptions = {}, argv: readonly string[] = []) {
  const cli = startCli(['chat', ...argv, url, name], options);
  const output = options.isTerminal === true ? cli.stdout : cli.stderr;
  await output.match(/ws chat: connected/);
  return { ...cli, screen: () => rendered(cli.stdout.text) } satisfies RunningCli & { screen(): string[] };
}

async function seen(read: () => string[], line: string): Promise<void> {
  await eventually(`${line} on the screen`, () => read().includes(line));
}

describe('ws chat', () => {
  it('shows others what is typed, and who comes and goes', async () => {
    const { url } = await startRoom();
    const alice = await join(url, 'alice', { isTerminal: true });
    const bob = await join(url, 'bob', { isTerminal: true });
    await seen(alice.screen, '* bob joined');
    bob.stdin.write('hello\r');
    await seen(alice.screen, 'bob > hello');
    alice.stdin.write('hel');
    bob.stdin.write('{"a":1}\r');
    await seen(alice.screen, '    "a": 1');
    expect(alice.screen().at(-1)).toBe('alice > hel');
    bob.stdin.write('/quit\r');
    expect(await bob.done).toBe(ExitCode.Done);
    await seen(alice.screen, '* bob left');
  });

  it('writes what the C++ command reads, and announces in a way that it shows', async () => {
    const { url, messages } = await startRoom();
    const cli = startCli(['chat', '-w', '0', url, 'alice'], { input: 'hi ☃\n' });
    expect(await cli.done).toBe(ExitCode.Done);
    await eventually('three messages', () => messages.length === 3);
    expect(messages).toEqual([
      `b:event ${hex('join')}\n${pdu('alice', '* joined the chat *')}`,
      `b:${pdu('alice', 'hi ☃')}`,
      `b:event ${hex('leave')}\n${pdu('alice', '* left the chat *')}`,
    ]);
  });

  it('announces nothing with --silent', async () => {
    const { url, messages } = await startRoom();
    const cli = startCli(['chat', '--silent', '-w', '0', url, 'alice'], { input: 'hi\n' });
    await cli.done;
    await eventually('a message', () => messages.length > 0);
    expect(messages).toEqual([`b:${pdu('alice', 'hi')}`]);
  });

  it('prints one line a message in a pipe, whatever is in it', async () => {
    const { url, say } = await startRoom();
    const cli = await join(url, 'alice', {}, ['-w', '0.05']);
    say(Buffer.from(pdu('bob', 'a\nmallory > b\u001b')));
    say(Buffer.from(pdu('e\nve', '')));
    say('no chat message');
    await cli.stdout.match(/no chat message\n/);
    cli.stdin.end();
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('bob > a\\x0amallory > b\\x1b\ne\\x0ave > \n(not a chat message) > no chat message\n');
  });

  it('has no line of one look like one of another at a terminal', async () => {
    const { url, say } = await startRoom();
    const cli = await join(url, 'alice', { isTerminal: true });
    say(Buffer.from(pdu('mallory', 'x\nbob > forged\u001b[2K')));
    await seen(cli.screen, '  bob > forged\\x1b[2K');
    say(Buffer.from(pdu('mallory', '* joined the chat *')));
    await seen(cli.screen, 'mallory > * joined the chat *');
  });

  it('shows objects with --json', async () => {
    const { url, say } = await startRoom();
    const cli = startCli(['chat', '--json', '-w', '0.05', url, 'alice']);
    await cli.stdout.match(/"event":"open"/);
    say(Buffer.from(pdu('bob', 'hello')));
    await cli.stdout.match(/hello/);
    cli.stdin.end();
    await cli.done;
    expect(JSON.parse(cli.stdout.text.split('\n')[1] ?? '')).toMatchObject({
      event: 'message',
      user: 'bob',
      data: 'hello',
    });
  });

  it('needs a name, and says so', async () => {
    const unnamed = startCli(['chat', 'ws://h']);
    expect(await unnamed.done).toBe(ExitCode.WrongUsage);
    expect(unnamed.stderr.text).toContain("missing required argument 'user'");
    const blank = startCli(['chat', 'ws://h', ' ']);
    expect(await blank.done).toBe(ExitCode.WrongUsage);
    expect(blank.stderr.text).toContain('user must not be empty');
  });

  it('ends with 130 at Ctrl-C, and says goodbye', async () => {
    const { url, messages } = await startRoom();
    const cli = await join(url, 'alice', { isTerminal: true });
    cli.stdin.write('\u0003');
    expect(await cli.done).toBe(ExitCode.Interrupted);
    await eventually('goodbye', () => messages.at(-1)?.includes(hex('* left the chat *')));
  });
});

describe('the language of a chat', () => {
  const incoming = (bytes: string) =>
    new ChatDialect('me', true).incoming({ bytes: Buffer.from(bytes), data: bytes } as WebSocketDataMessage);

  it.each([
    [pdu('bob', 'hello'), { from: 'bob', payload: 'hello' }],
    [`user ${hex('bob').toUpperCase()}`, { from: 'bob', payload: '' }],
    ['', { from: '', payload: '' }],
    [`other ${hex('x')}\n${pdu('bob', 'hello')}`, { from: 'bob', payload: 'hello' }],
    [`event ${hex('join')}\n${pdu('bob', 'x')}`, { from: 'bob', payload: '', event: 'join' }],
    [`event ${hex('dance')}\n${pdu('bob', 'x')}`, { from: 'bob', payload: 'x' }],
    ['text 6', { from: '(not a chat message)', payload: 'text 6' }],
  ])('is understood: %j', (bytes, message) => {
    expect(incoming(bytes)).toEqual(message);
  });
});
