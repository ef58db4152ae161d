import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { WebSocketOptions } from '../../src/index.ts';
import { connectClient, type LoggedClient } from '../support/running.ts';
import type { ExampleTests, Program } from './program.ts';

/** Starts a server example on a free port, and a client of it. */
async function connectTo(program: Program, path = '', options: WebSocketOptions = {}): Promise<LoggedClient> {
  return connectClient(`${await program.url()}${path}`, { ...options, automaticReconnection: false });
}

async function expectEcho({ client, log }: LoggedClient): Promise<void> {
  client.send('hello');
  client.send(Buffer.from('hello'));
  await log.atLeast('message', 2);
  expect(log.data).toEqual(['hello', Buffer.from('hello')]);
}

/** Ctrl-C ends the server, and tells its clients. */
async function expectGoodbye(program: Program, { log }: LoggedClient, code = 1000): Promise<void> {
  program.interrupt();
  expect((await log.next('close')).closeInfo).toMatchObject({ code, remote: true, layer: 'websocket' });
  await program.ended();
}

/** The examples of servers, each with clients that suit it. */
export const serverExamples: ExampleTests = {
  async 'static-files'(start) {
    const directory = await mkdtemp(join(tmpdir(), 'ixwebsocket-files-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, 'hello.txt'), 'hello');
    const program = start(directory, '0');
    const url = await program.url();
    const file = await fetch(`${url}hello.txt`);
    expect(await file.text()).toBe('hello');
    expect(file.headers.get('cache-control')).toBe('public, max-age=60');
    expect(await (await fetch(url)).text()).toContain('<a href="./hello.txt">hello.txt</a>');
    expect(await (await fetch(`${url}time`)).text()).toMatch(/^\d{4}-\d\d-\d\dT/);
    program.interrupt();
    await program.ended();
  },

  async 'echo-server'(start) {
    const program = start('0');
    const client = await connectTo(program);
    await expectEcho(client);
    await expectGoodbye(program, client);
  },

  async broadcast(start) {
    const program = start('0');
    const first = await connectTo(program);
    const second = await connectTo(program);
    const third = await connectTo(program);
    first.client.send('to everybody');
    expect((await second.log.next('message')).data).toBe('to everybody');
    expect((await third.log.next('message')).data).toBe('to everybody');
    second.client.send('and back');
    expect((await first.log.next('message')).data).toBe('and back');
    expect(first.log.data).toEqual(['and back']);
    await expectGoodbye(program, first);
  },

  async 'connection-state'(start) {
    const program = start('0');
    const alice = await connectTo(program, 'alice');
    const other = await connectTo(program);
    alice.client.send('a');
    alice.client.send('b');
    other.client.send('c');
    await alice.log.atLeast('message', 2);
    expect(alice.log.data).toEqual(['alice has sent 1', 'alice has sent 2']);
    expect((await other.log.next('message')).data).toBe('somebody has sent 1');
    await alice.client.stop();
    await program.printed('alice left after 2');
    await expectGoodbye(program, other);
  },

  async 'server-options'(start) {
    const program = start('0');
    const client = await connectTo(program, '', {
      subprotocols: ['chat.v1', 'chat.v2'],
      extraHeaders: { Origin: 'https://example.com' },
    });
    await program.printed('127.0.0.1 speaks chat.v2');
    client.client.send('one');
    expect((await client.log.next('close')).closeInfo).toMatchObject({ code: 1000, reason: 'one message is enough' });

    const stranger = connectTo(program, '', { extraHeaders: { Origin: 'https://example.org' } });
    await expect(stranger).rejects.toMatchObject({ code: 'badStatus', httpStatus: 403 });
    await expectGoodbye(program, await connectTo(program), 1001);
  },

  async 'upgrade-hook'(start) {
    const program = start('0');
    const client = await connectTo(program, 'chat?token=secret-of-ann');
    expect((await client.log.next('message')).data).toBe('hello ann');
    await expect(connectTo(program, 'chat?token=x')).rejects.toMatchObject({ httpStatus: 401 });
    await expect(connectTo(program)).rejects.toMatchObject({ httpStatus: 404 });
    await expectGoodbye(program, client);
  },

  async 'attach-to-http'(start) {
    const program = start('0');
    const client = await connectTo(program, 'chat');
    await expectEcho(client);
    const url = (await program.url()).replace('ws:', 'http:');
    expect(await (await fetch(url, { headers: { Connection: 'close' } })).text()).toBe('hello over HTTP\n');
    await expectGoodbye(program, client);
  },

  async 'behind-a-proxy'(start) {
    const program = start('0');
    const client = await connectTo(program, '', {
      extraHeaders: { 'X-Forwarded-For': '1.2.3.4, 203.0.113.7', 'X-Forwarded-Host': 'example.com' },
    });
    expect((await client.log.next('message')).data).toBe('you come from 203.0.113.7');
    await expect(connectTo(program)).rejects.toMatchObject({ httpStatus: 421 });
    await expectGoodbye(program, client);
  },

  async metrics(start) {
    const program = start('0');
    const client = await connectTo(program, 'chat');
    await expectEcho(client);
    await expect(connectTo(program)).rejects.toMatchObject({ httpStatus: 404 });
    await program.printed('refused 127.0.0.1: pathNotFound');
    await expectGoodbye(program, client);
    expect((await program.ended()).slice(-2)).toEqual([
      '1 connections, 2 messages in, 2 out',
      'refused: {"pathNotFound":1}',
    ]);
  },

  async topics(start) {
    const program = start('0');
    const first = await connectTo(program);
    const second = await connectTo(program);
    first.client.send('+news');
    first.client.send('+clock');
    first.client.send(`+${'x'.repeat(300)}`);
    expect((await first.log.next('message')).data).toBe('not subscribed: invalidTopic');
    second.client.send('news: it rains');
    expect((await second.log.next('message')).data).toBe('sent to 1 others');
    await first.log.atLeast('message', 3);
    expect(first.log.data).toEqual(expect.arrayContaining(['it rains', '1 s']));
    first.client.send('-news');
    second.client.send('news: it stopped');
    await second.log.atLeast('message', 2);
    expect(second.log.data).toContain('sent to 0 others');
    await expectGoodbye(program, first);
  },

  async 'slow-consumers'(start) {
    const program = start('0');
    const client = await connectTo(program);
    const prices = (await client.log.atLeast('message', 6)).map(({ data }) => JSON.parse(String(data)) as object);
    expect(prices[0]).toEqual({ symbol: 'EUR', price: expect.stringMatching(/^10[01]\.\d{4}$/) });
    await expectGoodbye(program, client);
    expect(await program.printed('0 missed 0 in all')).toHaveLength(2);
  },

  async backpressure(start) {
    const program = start('0');
    const rows = await connectTo(program, 'rows');
    await rows.log.atLeast('message', 10_000);
    expect(rows.log.data.at(-1)).toBe('row 10000');
    const file = await connectTo(program, 'file');
    expect((await file.log.next('close')).closeInfo).toMatchObject({ code: 1000, remote: true });
    expect(Buffer.concat(file.log.of('message').map(({ bytes }) => bytes)).toString()).toContain('sendFile');
    await expectGoodbye(program, rows);
  },

  async 'graceful-shutdown'(start) {
    const program = start('0');
    const client = await connectTo(program);
    await expectEcho(client);
    await expectGoodbye(program, client, 1012);
    expect((await program.ended()).at(-1)).toBe('1 closed, 0 cut off');
  },

  async 'chat/server'(start) {
    const program = start('0');
    const ann = await connectTo(program);
    const bob = await connectTo(program);
    const heard = ({ log }: LoggedClient): unknown[] => log.data.map((data) => JSON.parse(String(data)) as unknown);
    ann.client.send('{"do":"say","text":"too early"}');
    ann.client.send('{"do":"join","room":"lobby","name":"ann"}');
    await ann.log.atLeast('message', 2);
    bob.client.send('{"do":"join","room":"lobby","name":"bob"}');
    bob.client.send('{"do":"say","text":"hello"}');
    await ann.log.atLeast('message', 4);
    bob.client.send('no JSON');
    expect((await bob.log.next('close')).closeInfo).toMatchObject({ code: 1008, remote: true });
    await ann.log.atLeast('message', 5);
    expect(heard(ann)).toEqual([
      { what: 'refused', reason: 'join a room first' },
      { what: 'joined', name: 'ann' },
      { what: 'joined', name: 'bob' },
      { what: 'said', name: 'bob', text: 'hello' },
      { what: 'left', name: 'bob' },
    ]);
    await expectGoodbye(program, ann, 1012);
  },

  async 'seed/server-legacy-api'(start) {
    const program = start('0');
    const client = await connectTo(program, 'chat');
    await expectEcho(client);
    const lines = await program.printed('Uri: /chat');
    expect(lines).toEqual(expect.arrayContaining(['Remote ip: 127.0.0.1', 'New connection', 'id: 0', 'Headers:']));
    await expectGoodbye(program, client);
  },

  async 'seed/server-new-api'(start) {
    const program = start('0');
    const client = await connectTo(program, 'chat');
    await expectEcho(client);
    const lines = await program.printed('Received: 5 bytes');
    expect(lines).toEqual(
      expect.arrayContaining(['Remote ip: 127.0.0.1', 'New connection', 'id: 0', 'Uri: /chat', 'Received: hello']),
    );
    expect(lines).toContain('\tUpgrade: websocket');
    await expectGoodbye(program, client);
  },
};
