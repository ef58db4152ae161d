import { expect } from 'vitest';
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
  expect((await log.next('close')).closeInfo).toMatchObject({ code, remote: true });
  await program.ended();
}

/** The examples of servers, each with clients that suit it. */
export const serverExamples: ExampleTests = {
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
