import { describe, expect, it } from 'vitest';
import { autobahn } from '../../../src/cli/autobahn/command.ts';
import { autobahnTable } from '../../../src/cli/autobahn/table.ts';
import { autoroute } from '../../../src/cli/autoroute/command.ts';
import { autorouteTable } from '../../../src/cli/autoroute/table.ts';
import { chat } from '../../../src/cli/chat/command.ts';
import { chatTable } from '../../../src/cli/chat/table.ts';
import { connect } from '../../../src/cli/connect/command.ts';
import { connectTable } from '../../../src/cli/connect/table.ts';
import { echoServer } from '../../../src/cli/echo-server/command.ts';
import { echoServerTable } from '../../../src/cli/echo-server/table.ts';
import type { Command } from '../../../src/cli/line/command.ts';
import type { CommandTable } from '../../../src/cli/line/command-table.ts';
import { parseCommandLine } from '../../../src/cli/line/parse-command-line.ts';
import { readValues } from '../../../src/cli/line/typed-values.ts';
import { urlBelow } from '../../../src/cli/peers/create-client.ts';
import { ping } from '../../../src/cli/ping/command.ts';
import { pingTable } from '../../../src/cli/ping/table.ts';
import { countOf, pushServer } from '../../../src/cli/push-server/command.ts';
import { pushServerTable } from '../../../src/cli/push-server/table.ts';
import { WrongUsage } from '../../../src/cli/terminal/cli-errors.ts';
import { fakeEnvironment } from '../support/fake-environment.ts';

/** From a command line to the plan, without anything happening. */
function plan<V, A extends keyof V, P>(table: CommandTable<V, A>, command: Command<V, P>, line: string): P {
  const argv = [table.name, ...line.split(' ').filter((word) => word !== '')];
  const parsed = parseCommandLine(argv, [table], fakeEnvironment().environment);
  if (parsed.kind !== 'command') throw new Error('no command');
  return command.plan(readValues(table, parsed.typed) as V);
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

const serverDefaults = {
  command: 'echo_server',
  options: {
    port: 8008,
    host: '127.0.0.1',
    addressFamily: 4,
    enablePong: true,
    maxMessageSize: 16_777_216,
    maxUnfinishedBytes: 268_435_456,
    perMessageDeflate: true,
    allowedOrigins: '*',
  },
  nextPorts: 0,
  pidfile: undefined,
  isSelfSigned: false,
  isGuarded: false,
  isQuiet: false,
  isJson: false,
};

const serverCases: readonly (readonly [line: string, plan: Partial<typeof serverDefaults> | { options: object }])[] = [
  ['', {}],
  ['--port 0', { options: { port: 0 } }],
  ['--port=1234 --host 10.0.0.1', { options: { port: 1234, host: '10.0.0.1' } }],
  ['-6', { options: { host: '::1', addressFamily: 6 } }],
  ['--host ::', { options: { host: '::', addressFamily: 6 } }],
  ['-6 --host localhost', { options: { host: 'localhost', addressFamily: 6 } }],
  ['-p', { options: { enablePong: false } }],
  ['-x', { options: { perMessageDeflate: false } }],
  ['--max-message-size 1k', { options: { maxMessageSize: 1024 } }],
  ['--max_message_size 1G', { options: { maxMessageSize: 1_073_741_824, maxUnfinishedBytes: 2_147_483_648 } }],
];

describe('the plan of echo_server', () => {
  it.each([
    ['--deflate-threshold 0', { threshold: 0 }],
    ['--deflate_threshold 1024', { threshold: 1024 }],
    ['--deflate-threshold 1 -x', false],
  ])('with %j', (line, perMessageDeflate) => {
    expect(plan(echoServerTable, echoServer, line).server.options.perMessageDeflate).toEqual(perMessageDeflate);
  });

  it.each(serverCases)('with %j', (line, { options, ...rest }) => {
    const { server } = plan(echoServerTable, echoServer, line);
    expect(server).toEqual({ ...serverDefaults, ...rest, options: { ...serverDefaults.options, ...options } });
  });

  it.each([
    ['', { server: { isQuiet: false }, greets: false, authorization: undefined, explains: false }],
    ['-q', { server: { isQuiet: true } }],
    ['-g', { greets: true }],
    ['-qg6', { server: { isQuiet: true }, greets: true }],
    ['--http_authorization_header abc', { authorization: 'abc', server: { isGuarded: true } }],
    ['--http-authorization-header=', { authorization: '' }],
  ])('with %j, beyond listening', (line, part) => {
    expect(plan(echoServerTable, echoServer, line)).toMatchObject(part);
  });

  it('takes another port only as the start of the project', () => {
    const started = plan(echoServerTable, echoServer, '--start');
    expect(started.explains).toBe(true);
    expect(started.server.nextPorts).toBeGreaterThan(10);
  });
});

describe('the plan of push_server', () => {
  it.each(serverCases)('with %j', (line, { options, ...rest }) => {
    expect(plan(pushServerTable, pushServer, line).server).toEqual({
      ...serverDefaults,
      command: 'push_server',
      ...rest,
      options: { ...serverDefaults.options, ...options },
    });
  });

  it.each([
    ['', { server: { isQuiet: false }, message: 'hello world' }],
    ['-q --send_msg hi', { server: { isQuiet: true }, message: 'hi' }],
    ['--send-msg --hi', { message: '--hi' }],
    ['--pidfile p', { server: { pidfile: 'p' } }],
  ])('with %j, beyond listening', (line, part) => {
    expect(plan(pushServerTable, pushServer, line)).toMatchObject(part);
  });

  it.each([
    ['/3', 3],
    ['/3abc', 3],
    ['/2?x=1', 2],
    ['/+4', 4],
    ['/-5', -5],
    ['/0', 0],
    ['/abc', 0],
    ['/?3', 0],
    ['/%33', 0],
    ['/99999999999', 2_147_483_647],
    ['/', undefined],
    ['', undefined],
  ])('sends as many messages as %j asks for', (uri, count) => {
    expect(countOf(uri)).toBe(count);
  });
});

describe('the plan of autoroute', () => {
  it.each([
    ['ws://h:1', { url: 'ws://h:1', messageCount: 1_000_000, client: { options: { url: 'ws://h:1/1000000' } } }],
    ['ws://h:1/', { url: 'ws://h:1/', client: { options: { url: 'ws://h:1/1000000' } } }],
    ['--msg_count 0 ws://h', { messageCount: 0, client: { options: { url: 'ws://h/0' } } }],
    ['--msg-count=5 ws://h/a?b=c', { client: { options: { url: 'ws://h/a/5?b=c' } } }],
    ['--subprotocol a --subprotocol b,c ws://h', { client: { options: { subprotocols: ['a', 'b', 'c'] } } }],
    ['--ping_interval -1 ws://h', { client: { options: { pingIntervalSecs: -1 } } }],
    ['--ping_interval 0 ws://h', { client: { options: { pingIntervalSecs: -1 } } }],
    ['ws://h', { client: { options: { pingIntervalSecs: 30, maxMessageSize: 16_777_216, perMessageDeflate: false } } }],
    ['-x ws://h --max-message-size 5', { client: { options: { maxMessageSize: 5, perMessageDeflate: false } } }],
  ])('with %j', (line, part) => {
    expect(plan(autorouteTable, autoroute, line)).toMatchObject(part);
  });
});

describe('the plan of autobahn', () => {
  it('lets a case send all that it may', () => {
    const { client, ...rest } = plan(autobahnTable, autobahn, '');
    expect(rest).toEqual({ url: 'ws://127.0.0.1:8008', isQuiet: false, timeoutMs: 60_000 });
    expect(client.maxMessageSize).toBeGreaterThanOrEqual(16 * 1024 * 1024);
    expect(client.maxFragments).toBeGreaterThanOrEqual(16 * 1024 * 1024);
  });

  it('takes what it is told', () => {
    expect(plan(autobahnTable, autobahn, '-q --url ws://h:9001 --timeout 1.5')).toMatchObject({
      url: 'ws://h:9001',
      isQuiet: true,
      timeoutMs: 1500,
    });
  });
});

describe('the plan of connect', () => {
  it('has defaults', () => {
    expect(plan(connectTable, connect, 'ws://h')).toEqual({
      peer: {
        kind: 'server',
        url: 'ws://h',
        client: {
          options: {
            url: 'ws://h',
            subprotocols: [],
            automaticReconnection: true,
            maxWaitBetweenReconnectionRetries: 10_000,
            pingIntervalSecs: 30,
            maxMessageSize: 1_073_741_824,
            perMessageDeflate: true,
            handshakeTimeoutSecs: 20,
          },
          access: { headers: [] },
        },
      },
      conversation: {
        command: 'connect',
        reconnects: true,
        maxMessageSize: 1_073_741_824,
        waitMs: 1000,
        isLiteral: false,
        isTrusted: false,
        isServer: false,
      },
      isBinary: false,
      gunzips: false,
      messages: [],
      view: {
        isVerbose: false,
        isQuiet: false,
        isJson: false,
        withTime: false,
        isRaw: false,
        colours: 'auto',
        label: 'ws_connect',
        prompt: '> ',
        keepsHistory: true,
      },
    });
  });

  it.each([
    [
      '-H A:b -H C:d:e -H @f ws://h',
      {
        peer: {
          client: {
            access: {
              headers: [['A', 'b'], ['C', 'd:e'], { kind: 'file', path: 'f' }],
            },
          },
        },
      },
    ],
    ['-u @env:U ws://h', { peer: { client: { access: { user: { kind: 'variable', name: 'U' } } } } }],
    ['--proxy env ws://h', { peer: { client: { access: { proxy: { kind: 'text', text: 'env' } } } } }],
    ['--subprotocol chat ws://h', { peer: { client: { options: { subprotocols: ['chat'] } } } }],
    [
      '-d ws://h',
      { peer: { client: { options: { automaticReconnection: false } } }, conversation: { reconnects: false } },
    ],
    ['-b ws://h', { isBinary: true }],
    ['-g ws://h', { gunzips: true }],
    ['--disable-per-message-deflate ws://h', { peer: { client: { options: { perMessageDeflate: false } } } }],
    ['--deflate-threshold 1024 ws://h', { peer: { client: { options: { perMessageDeflate: { threshold: 1024 } } } } }],
    ['--max-wait 7 ws://h', { peer: { client: { options: { maxWaitBetweenReconnectionRetries: 7 } } } }],
    ['--timeout 1.5 ws://h', { peer: { client: { options: { handshakeTimeoutSecs: 1.5 } } } }],
    ['-k ws://h', { peer: { client: { options: { tlsOptions: { caFile: 'NONE' } } } } }],
    ['--wait 0 ws://h', { conversation: { waitMs: 0 } }],
    ['--wait -1 ws://h', { conversation: { waitMs: Number.POSITIVE_INFINITY } }],
    ['-n 3 ws://h', { conversation: { count: 3, waitMs: Number.POSITIVE_INFINITY } }],
    ['-n 3 -w 2 ws://h', { conversation: { count: 3, waitMs: 2000 } }],
    ['-x a -x b ws://h', { messages: ['a', 'b'], conversation: { isTrusted: true } }],
    ['--ping_interval 5 ws://h', { peer: { client: { options: { pingIntervalSecs: 5 } } } }],
    ['--pidfile p ws://h', { pidfile: 'p' }],
    ['-vqt --json --raw --color never ws://h', { view: { isVerbose: true, isJson: true, colours: 'never' } }],
    ['--binary-output raw --disable-history ws://h', { view: { binaryOutput: 'raw', keepsHistory: false } }],
    ['--listen 8008', { peer: { kind: 'client', server: { host: '127.0.0.1', port: 8008, addressFamily: 4 } } }],
    ['-l [::1]:0', { peer: { server: { host: '::1', port: 0, addressFamily: 6 } }, conversation: { isServer: true } }],
  ])('with %j', (line, part) => {
    expect(plan(connectTable, connect, line)).toMatchObject(part);
  });

  it.each([
    ['', "missing required argument 'url'", undefined],
    ['-x ws://h', "missing required argument 'url'", '-x takes a message to send'],
    ['--listen 1 ws://h', '--listen waits for a client, so url has no place', undefined],
    ['--listen 1 -H A:b', 'so --header has no place', undefined],
    ['--listen 1 -u a:b', 'so --user has no place', undefined],
    ['--listen nowhere', '--listen must be a port or ADDRESS:PORT', undefined],
    ['--listen 99999', '--listen must be a whole number from 0 to 65535', undefined],
    ['--count 0 ws://h', '--count must be a whole number from 1', undefined],
    ['--color red ws://h', "--color must be one of auto, always, never, not 'red'", undefined],
    ['-u @ ws://h', '--user must be @FILE or @env:NAME', undefined],
  ])('does not exist for %j', (line, why, hint) => {
    const error = thrownBy(() => plan(connectTable, connect, line));
    expect(error).toBeInstanceOf(WrongUsage);
    expect(error).toMatchObject({
      message: expect.stringContaining(why),
      ...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }),
    });
  });
});

describe('the plan of ping', () => {
  it.each([
    ['ws://h', { shownUrl: 'ws://h', source: undefined, answerMs: 10_000 }],
    ['-c 3 ws://h', { source: { kind: 'clock', count: 3, intervalMs: 1000 } }],
    ['-i 0.2 ws://h', { source: { kind: 'clock', count: undefined, intervalMs: 200 } }],
    ['-W 1 ws://u:secret@h:1/p?token=1', { shownUrl: 'ws://h:1/p', answerMs: 1000 }],
    [
      'ws://h',
      { client: { options: { automaticReconnection: false, pingIntervalSecs: -1, perMessageDeflate: false } } },
    ],
  ])('with %j', (line, part) => {
    expect(plan(pingTable, ping, line)).toMatchObject(part);
  });
});

describe('the plan of chat', () => {
  it.each([
    ['ws://h alice', { name: 'alice', announces: true, view: { prompt: 'alice > ', keepsHistory: false } }],
    ['--silent ws://h alice', { announces: false }],
    ['-w -1 ws://h alice', { conversation: { waitMs: Number.POSITIVE_INFINITY, reconnects: true } }],
    ['ws://h a\u001b[2J', { view: { prompt: 'a\\x1b[2J > ' } }],
    ['ws://h alice', { client: { options: { perMessageDeflate: false } } }],
  ])('with %j', (line, part) => {
    expect(plan(chatTable, chat, line)).toMatchObject(part);
  });
});

describe('a path below a url', () => {
  it.each([
    ['ws://h', 'a', 'ws://h/a'],
    ['ws://h/', 'a', 'ws://h/a'],
    ['ws://h/x//', 'a', 'ws://h/x/a'],
    ['ws://h/x?q=1', 'a', 'ws://h/x/a?q=1'],
    ['ws://h?q=1', 'a?b=2', 'ws://h/a?b=2&q=1'],
  ])('%s and %s', (base, path, url) => {
    expect(urlBelow(base, path)).toBe(url);
  });
});
