import { expect } from 'vitest';
import { connectClient } from '../support/running.ts';
import type { ExampleTests, Program } from './program.ts';

/** Ctrl-C ends the server. */
async function stop(program: Program): Promise<string[]> {
  program.interrupt();
  return program.ended();
}

/** The examples of HTTP servers, each asked by the `fetch` of Node. */
export const httpServerExamples: ExampleTests = {
  async 'seed/http-server'(start) {
    const program = start('0');
    const url = await program.url();
    const page = await fetch(`${url}package.json`);
    expect(page.headers.get('content-type')).toContain('application/json');
    expect(await page.json()).toMatchObject({ name: 'ixwebsocket' });
    expect((await fetch(`${url}no-such-file`)).status).toBe(404);
    await stop(program);
  },

  async 'seed/http-server-callback'(start) {
    const program = start('0');
    const response = await fetch(`${await program.url()}some/page?x=1`);
    expect(response.statusText).toBe('OK');
    expect(await response.text()).toBe('127.0.0.1 GET /some/page?x=1');
    await stop(program);
  },

  async 'http-server'(start) {
    const program = start('0');
    const url = await program.url();
    const created = await fetch(`${url}notes`, { method: 'POST', body: 'buy milk' });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/notes');
    expect(await (await fetch(`${url}notes?all`)).json()).toEqual(['buy milk']);
    expect((await fetch(`${url}other`)).status).toBe(404);
    expect((await fetch(`${url}notes`, { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(413);
    const { client, log } = await connectClient(url.replace('http', 'ws'), { automaticReconnection: false });
    client.send('how many?');
    expect((await log.next('message')).data).toBe('1 notes so far');
    await client.stop();
    expect(await stop(program)).toContain('127.0.0.1 GET /notes?all 200');
  },

  async 'http-streaming'(start) {
    const program = start('0');
    const url = await program.url();
    const counted = await fetch(`${url}upload`, { method: 'POST', body: new Uint8Array(5_000_000) });
    expect(await counted.text()).toBe('5000000 bytes\n');
    const events = await fetch(url);
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    expect(await events.text()).toBe('data: 3\n\ndata: 2\n\ndata: 1\n\ndata: lift-off\n\n');
    await stop(program);
  },
};
