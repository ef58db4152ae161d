import { describe, expect, it } from 'vitest';
import { urlBelow } from '../../src/cli/client.ts';
import type { Command } from '../../src/cli/command.ts';
import { autobahn } from '../../src/cli/commands/autobahn.ts';
import { autoroute } from '../../src/cli/commands/autoroute.ts';
import { connect } from '../../src/cli/commands/connect.ts';
import { echoServer } from '../../src/cli/commands/echo-server.ts';
import { countOf, pushServer } from '../../src/cli/commands/push-server.ts';
import type { CommandTable } from '../../src/cli/options.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { autobahnTable } from '../../src/cli/tables/autobahn.ts';
import { autorouteTable } from '../../src/cli/tables/autoroute.ts';
import { connectTable } from '../../src/cli/tables/connect.ts';
import { echoServerTable } from '../../src/cli/tables/echo-server.ts';
import { pushServerTable } from '../../src/cli/tables/push-server.ts';
import { readValues } from '../../src/cli/values.ts';
import { fakeEnvironment } from './fake-environment.ts';

/** From a command line to the plan, without anything happening. */
function plan<V, A extends keyof V, P>(table: CommandTable<V, A>, command: Command<V, P>, line: string): P {
  const argv = [table.name, ...line.split(' ').filter((word) => word !== '')];
  const parsed = parseCommandLine(argv, [table], fakeEnvironment().environment);
  if (parsed.kind !== 'command') throw new Error('no command');
  return command.plan(readValues(table, parsed.typed) as V);
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
    ['', { isQuiet: false, greets: false, authorization: undefined, explains: false }],
    ['-q', { isQuiet: true }],
    ['-g', { greets: true }],
    ['-qg6', { isQuiet: true, greets: true }],
    ['--http_authorization_header abc', { authorization: 'abc' }],
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
    ['', { isQuiet: false, message: 'hello world' }],
    ['-q --send_msg hi', { isQuiet: true, message: 'hi' }],
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
    ['ws://h:1', { url: 'ws://h:1', messageCount: 1_000_000, client: { url: 'ws://h:1/1000000' } }],
    ['ws://h:1/', { url: 'ws://h:1/', client: { url: 'ws://h:1/1000000' } }],
    ['--msg_count 0 ws://h', { messageCount: 0, client: { url: 'ws://h/0' } }],
    ['--msg-count=5 ws://h/a?b=c', { client: { url: 'ws://h/a/5?b=c' } }],
    ['--subprotocol a --subprotocol b,c ws://h', { client: { subprotocols: ['a', 'b', 'c'] } }],
    ['--ping_interval -1 ws://h', { client: { pingIntervalSecs: -1 } }],
    ['--ping_interval 0 ws://h', { client: { pingIntervalSecs: -1 } }],
    ['ws://h', { client: { pingIntervalSecs: 30, maxMessageSize: 16_777_216, perMessageDeflate: false } }],
    ['-x ws://h --max-message-size 5', { client: { maxMessageSize: 5, perMessageDeflate: false } }],
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
      client: {
        url: 'ws://h',
        extraHeaders: [],
        subprotocols: [],
        automaticReconnection: true,
        maxWaitBetweenReconnectionRetries: 10_000,
        pingIntervalSecs: 30,
        maxMessageSize: 1_073_741_824,
        perMessageDeflate: true,
      },
      conversation: {
        isBinary: false,
        gunzips: false,
        reconnects: true,
        maxMessageSize: 1_073_741_824,
        waitMs: 1000,
      },
      pidfile: undefined,
    });
  });

  it.each([
    [
      '-H A:b -H C:d:e ws://h',
      {
        client: {
          extraHeaders: [
            ['A', 'b'],
            ['C', 'd:e'],
          ],
        },
      },
    ],
    ['--subprotocol chat ws://h', { client: { subprotocols: ['chat'] } }],
    ['-d ws://h', { client: { automaticReconnection: false }, conversation: { reconnects: false } }],
    ['-b ws://h', { conversation: { isBinary: true } }],
    ['-g ws://h', { conversation: { gunzips: true } }],
    ['-x ws://h', { client: { perMessageDeflate: false } }],
    ['--deflate-threshold 1024 ws://h', { client: { perMessageDeflate: { threshold: 1024 } } }],
    ['--max-wait 7 ws://h', { client: { maxWaitBetweenReconnectionRetries: 7 } }],
    ['--wait 0 ws://h', { conversation: { waitMs: 0 } }],
    ['--ping_interval 5 ws://h', { client: { pingIntervalSecs: 5 } }],
    ['--pidfile p ws://h', { pidfile: 'p' }],
  ])('with %j', (line, part) => {
    expect(plan(connectTable, connect, line)).toMatchObject(part);
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
