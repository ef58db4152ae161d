import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningCli, startCli, stopAll } from '../support/fake-environment.ts';
import { freePort, startPeerServer } from '../support/peers.ts';
import { rendered } from '../support/rendered.ts';

let folder = '';
const servers: { stop(): Promise<void> }[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ws-terminal-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) await server.stop();
});

interface Terminal extends RunningCli {
  /** The server's end of the latest connection. */
  peer(): WebSocket;
  readonly received: string[];
  /** The server's address, without the scheme. */
  readonly address: string;
  type(text: string): void;
  screen(): string[];
  /** Waits until the screen holds a line, and returns the whole of it. */
  sees(line: string | RegExp): Promise<string[]>;
}

/** Somebody at a terminal who talks to a server that echoes. */
async function atTerminal(options: readonly string[] = [], variables: Record<string, string> = {}): Promise<Terminal> {
  const received: string[] = [];
  let latest: WebSocket | undefined;
  const server = await startPeerServer((socket) => {
    latest = socket;
    socket.on('message', (data, isBinary) => {
      received.push(`${isBinary ? 'b' : 't'}:${(data as Buffer).toString()}`);
      socket.send(data as Buffer, { binary: isBinary });
    });
  });
  servers.push(server);
  const cli = startCli(['connect', ...options, server.url], { isTerminal: true, variables });
  const terminal: Terminal = {
    ...cli,
    received,
    address: server.url.replace('ws://', ''),
    peer: () => {
      if (latest === undefined) throw new Error('nobody has connected');
      return latest;
    },
    type: (text) => void cli.stdin.write(text),
    screen: () => rendered(cli.stdout.text, cli.stdout.columns),
    sees: (line) =>
      eventually(`${line} on the screen`, () => {
        const shown = terminal.screen();
        const isThere = shown.some((other) => (typeof line === 'string' ? other === line : line.test(other)));
        return isThere && shown;
      }),
  };
  if (!options.includes('-q')) await terminal.sees(/^(23:59:58\.007 )?ws_connect: connected$/);
  return terminal;
}

describe('ws connect at a terminal', () => {
  it('sends what is typed and keeps the prompt below what arrives', async () => {
    const terminal = await atTerminal();
    terminal.type('hel');
    await terminal.sees('> hel');
    terminal.peer().send('in between');
    expect(await terminal.sees('< in between')).toEqual([
      'Type /help for what can be done here, Ctrl-D or /quit to end.',
      'ws_connect: connected',
      '< in between',
      '> hel',
    ]);
    terminal.type('lo\r');
    expect((await terminal.sees('< hello')).slice(-3)).toEqual(['> hello', '< hello', '>']);
    terminal.type('/quit\r');
    expect(await terminal.done).toBe(ExitCode.Done);
    expect(terminal.screen().at(-1)).toBe('ws_connect: connection closed: code 1000 reason Normal closure');
    expect(terminal.stderr.text).toBe('');
  });

  it('keeps a line that is longer than the terminal is wide', async () => {
    const terminal = await atTerminal();
    terminal.stdout.columns = 20;
    terminal.type('x'.repeat(50));
    await terminal.sees('x'.repeat(12));
    terminal.peer().send('in between');
    expect((await terminal.sees('< in between')).slice(-4)).toEqual([
      '< in between',
      `> ${'x'.repeat(18)}`,
      'x'.repeat(20),
      'x'.repeat(12),
    ]);
    terminal.type('\r');
    await eventually('the line', () => terminal.received.length === 1);
    expect(terminal.received).toEqual([`t:${'x'.repeat(50)}`]);
  });

  it('has lines edited before they are sent', async () => {
    const terminal = await atTerminal();
    // Left twice, a letter, the beginning of the line, a letter, delete the last word.
    terminal.type('wrld two\u001b[D\u0017\u0001o\r');
    await terminal.sees('< owrld o');
    // The line before, its end, backspace.
    terminal.type('\u001b[A\u007f!\r');
    await terminal.sees('< owrld !');
    expect(terminal.received).toEqual(['t:owrld o', 't:owrld !']);
  });

  it('shows JSON with one member a line, in colours', async () => {
    const terminal = await atTerminal(['-q']);
    terminal.type('{"a":[1,true]}\r');
    await terminal.sees('    "a": [');
    expect(terminal.screen().slice(-8)).toEqual([
      '> {"a":[1,true]}',
      '< {',
      '    "a": [',
      '      1,',
      '      true',
      '    ]',
      '  }',
      '>',
    ]);
    expect(terminal.stdout.text).toContain('\u001b[34m"a"\u001b[39m');
  });

  it('has no colours where NO_COLOR is set', async () => {
    const terminal = await atTerminal([], { NO_COLOR: '1' });
    terminal.type('{"a":1}\r');
    await terminal.sees('    "a": 1');
    expect(terminal.stdout.text).not.toMatch(/\u001b\[\d+m/);
  });

  it('shows times where they are wanted', async () => {
    const terminal = await atTerminal(['-t']);
    terminal.type('hello\r');
    await terminal.sees('23:59:58.007 < hello');
  });

  it('cannot be driven by what arrives, and no line looks like one of another message', async () => {
    const terminal = await atTerminal();
    terminal.peer().send('\u001b]52;c;cm0=\u0007\u009b2J\u202e\r\n< forged');
    const shown = await terminal.sees('  < forged');
    expect(shown.at(-3)).toBe('< \\x1b]52;c;cm0=\\x07\\x9b2J\\u202e\\x0d');
    terminal.peer().send('["\u009b\u202e"]');
    await terminal.sees('    "\\u009b\\u202e"');
    terminal.peer().close(4000, '\u001b[2J\u009b');
    await terminal.sees(/code 4000 reason \\x1b\[2J\\x9b$/);
  });

  it('is driven by it with --raw', async () => {
    const terminal = await atTerminal(['--raw']);
    terminal.peer().send('\u001b[31mred\u001b[39m');
    await terminal.sees('< red');
    expect(terminal.stdout.text).toContain('\u001b[31mred');
  });

  it('shows the beginning of binary messages, or all of it', async () => {
    const terminal = await atTerminal();
    terminal.peer().send(Buffer.alloc(300, 'a'));
    await terminal.sees('… and 44 more bytes');
    const other = await atTerminal(['--binary-output', 'hex']);
    other.peer().send(Buffer.alloc(300, 'a'));
    await other.sees(/^00000120 {2}(61 ){8} (61 ){3}61 +\|a{12}\|$/);
    const third = await atTerminal(['--binary-output', 'base64']);
    third.peer().send(Buffer.from([255, 254]));
    await third.sees('< //4=');
  });

  it('cuts what nobody would read to its end', async () => {
    const terminal = await atTerminal();
    terminal.peer().send('\u0007'.repeat(1024 * 1024 + 5));
    await terminal.stdout.match(/… and 5 more characters/);
  });

  it('goes on trying until it is told to end, and has failed when it never connected', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    const cli = startCli(['connect', '--max_wait', '1', url], { isTerminal: true, columns: 120 });
    await cli.stdout.match(/\(20 times; next in 1 ms\)/);
    expect(rendered(cli.stdout.text, 120).slice(0, 6)).toEqual([
      'Type /help for what can be done here, Ctrl-D or /quit to end.',
      expect.stringMatching(/^ws: connect: .* Connection refused$/),
      "    Is the server running? 'ws echo_server' starts one to try things out.",
      '    Attempt 1; next in 1 ms.',
      expect.stringMatching(/^ws: connect: .* Connection refused \(\d+ times; next in 1 ms\)$/),
      '>',
    ]);
    cli.stdin.write('/quit\r');
    expect(await cli.done).toBe(ExitCode.Failed);
  });

  it.each([
    [1013, 'try again'],
    [1000, ''],
    [4321, 'x'.repeat(100)],
  ])('counts on one line what a server does that accepts and closes with %d', async (code, reason) => {
    const server = await startPeerServer((socket) => socket.close(code, reason));
    servers.push(server);
    const cli = startCli(['connect', '--max_wait', '1', server.url], { isTerminal: true });
    cli.stdin.write('typed');
    await cli.stdout.match(/\(30 times\)/);
    cli.stdin.write(' more\u0015/help\r');
    await cli.stdout.match(/Every other line is sent\.|\/quit/);
    await cli.stdout.match(/\(60 times\)/);
    const shown = rendered(cli.stdout.text);
    expect(shown.filter((line) => line.includes(' times)')).length).toBeLessThanOrEqual(2);
    expect(shown.filter((line) => line.includes('closed: code')).length).toBeLessThanOrEqual(3);
    expect(shown.slice(0, 3)).toEqual([
      'Type /help for what can be done here, Ctrl-D or /quit to end.',
      'ws_connect: connected',
      expect.stringMatching(new RegExp(`^ws_connect: connection closed: code ${code} reason`)),
    ]);
    cli.stdin.write('/quit\r');
    await cli.done;
  });

  it('shows each message of a server that sends one and closes', async () => {
    let count = 0;
    const server = await startPeerServer((socket) => {
      socket.send(`message ${++count}`);
      socket.close(1012);
    });
    servers.push(server);
    const cli = startCli(['connect', '--max_wait', '1', server.url], { isTerminal: true, columns: 100 });
    await cli.stdout.match(/message 30/);
    const shown = rendered(cli.stdout.text, 100);
    const messages = shown.filter((line) => line.startsWith('< message'));
    expect(messages).toEqual(messages.map((_, index) => `< message ${index + 1}`));
    expect(shown.length).toBeLessThan(2 * messages.length + 8);
    cli.stdin.write('/quit\r');
    await cli.done;
  });

  it('ends at the first failure with -d, and says why in plain words', async () => {
    const cli = startCli(['connect', '-d', `ws://127.0.0.1:${await freePort()}`], { isTerminal: true });
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stdout.text).toContain('Is the server running?');
  });

  it.each([
    ['Ctrl-C', '\u0003', ExitCode.Interrupted],
    ['Ctrl-D', '\u0004', ExitCode.Done],
  ])('ends at %s', async (_name, key, code) => {
    const terminal = await atTerminal();
    terminal.type(key);
    expect(await terminal.done).toBe(code);
    expect(terminal.screen().at(-1)).toBe('ws_connect: connection closed: code 1000 reason Normal closure');
  });

  it('does not wait for a server that does not answer when Ctrl-C is pressed again', async () => {
    const terminal = await atTerminal();
    terminal.peer().pause();
    terminal.type('\u0003');
    await eventually('the first', () => terminal.listenerCount() === 1);
    terminal.type('\u0003');
    expect(await terminal.done).toBe(ExitCode.Interrupted);
    expect(terminal.screen().at(-1)).toMatch(/code 1006/);
  });

  it('keeps what was typed for the next time, unless it is told not to', async () => {
    const variables = { XDG_STATE_HOME: join(folder, 'state') };
    const first = await atTerminal([], variables);
    first.type('first line\r second line\r');
    await first.sees('<  second line');
    first.type('/quit\r');
    await first.done;
    expect(readFileSync(join(folder, 'state', 'ixwebsocket', 'connect_history'), 'utf8')).toBe('first line\n/quit\n');
    const second = await atTerminal([], variables);
    second.type('\u001b[A\u001b[A!\r');
    await second.sees('< first line!');
    const third = await atTerminal(['--disable-history'], variables);
    third.type('\u001b[A!\r');
    await third.sees('< !');
  });
});

describe('slash commands at a terminal', () => {
  it('are explained by /help, and nearly right ones by their usage', async () => {
    const terminal = await atTerminal();
    terminal.type('/help\r/close now\r');
    const shown = await terminal.sees('ws: connect: usage: /close [CODE [REASON]]');
    expect(shown.filter((line) => /^\/[a-z]+ /.test(line))).toHaveLength(10);
    terminal.type('/unknown\r');
    await terminal.sees('< /unknown');
    expect(terminal.received).toEqual(['t:/unknown']);
  });

  it('show headers, counts and round trips', async () => {
    const terminal = await atTerminal();
    terminal.type('/headers\r');
    await terminal.sees('Upgrade: websocket');
    terminal.type('hello\r');
    await terminal.sees('< hello');
    terminal.type('/ping data\r');
    await terminal.sees(/^Received pong data \(\d+\.\d+ ms\)$/);
    terminal.type('/stats\r');
    const shown = await terminal.sees(/^latest round trip \d+\.\d+ ms$/);
    expect(shown.slice(-6, -2)).toEqual([
      expect.stringMatching(/^connected for \d+\.\d s \(connection 1\)$/),
      'sent 1 message, 5 bytes',
      'received 1 message, 5 bytes',
      'waiting: 0 messages, 0 bytes',
    ]);
  });

  it('send files: as text when they are UTF-8, otherwise as binary', async () => {
    writeFileSync(join(folder, 'text'), 'grüße');
    writeFileSync(join(folder, 'bytes'), Buffer.from([0x61, 0xff]));
    const terminal = await atTerminal();
    terminal.type(`/send ${join(folder, 'text')}\r`);
    await terminal.sees('< grüße');
    terminal.type(`/send ${join(folder, 'bytes')}\r`);
    await terminal.sees('< 2 bytes');
    terminal.type(`/send ${join(folder, 'nothing')}\r`);
    await terminal.sees(/^ws: connect: \/send: .*: no such file/);
    expect(terminal.received).toEqual(['t:grüße', 'b:a\ufffd']);
  });

  it('switch to binary messages and back', async () => {
    const terminal = await atTerminal();
    terminal.type('/binary\ra\r/binary off\rb\r');
    await terminal.sees('< b');
    expect(terminal.received).toEqual(['b:a', 't:b']);
  });

  it('close the connection and make it again, and lines typed meanwhile are kept', async () => {
    const terminal = await atTerminal();
    terminal.type('/close 4001 bye\rkept\r');
    await terminal.sees('ws_connect: connection closed: code 4001 reason bye');
    terminal.type('/stats\r');
    await terminal.sees('waiting: 1 messages, 0 bytes');
    terminal.type('/start\r');
    await terminal.sees('< kept');
  });

  it('are messages with --literal', async () => {
    const terminal = await atTerminal(['--literal']);
    terminal.type('/quit\r');
    await terminal.sees('< /quit');
  });
});
