import { expect, test } from 'vitest';
import type { SocketServerOptions, WebSocketPerMessageDeflateOptions } from '../../src/index.ts';
import { selfSigned } from '../support/certificates.ts';
import { runInChromium } from '../support/chromium.ts';
import { patient } from '../support/patience.ts';
import { startServer } from '../support/running.ts';

const TIMEOUT_MS = patient(170_000);
const MIB = 1024 * 1024;

const identity = selfSigned();

/** Runs in the page: everything there and back, at each of the servers. */
const script = `
  const json = JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id, name: 'näme ' + (id % 17), on: id % 3 === 0 })));
  const noise = (size) => {
    const bytes = new Uint8Array(size);
    for (let i = 0, x = 1; i < size; i++) { x = (Math.imul(x, 1103515245) + 12345) >>> 0; bytes[i] = x >> 16; }
    return bytes;
  };
  const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
  const half = new Uint8Array(${2 * MIB});
  half.set(noise(${MIB}));
  const texts = ['', 'a', 'Hello', 'Hello', 'ü€😀'.repeat(50), json, json, json.repeat(8), 'x'.repeat(${8 * MIB})];
  const binaries = [new Uint8Array(0), noise(100), noise(70000), half, new Uint8Array(${8 * MIB})];
  const visit = async ({ url }) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    const message = () => new Promise((resolve, reject) => {
      socket.onmessage = (event) => resolve(event.data);
      socket.onclose = (event) => reject(new Error('closed with ' + event.code + ' ' + event.reason));
    });
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = (event) => reject(new Error('not opened: ' + event.code));
    });
    const found = { extensions: socket.extensions, texts: [], binaries: [] };
    for (const text of texts) {
      const answer = message();
      socket.send(text);
      found.texts.push((await answer) === text);
    }
    for (const bytes of binaries) {
      const answer = message();
      socket.send(bytes);
      found.binaries.push(same(new Uint8Array(await answer), bytes));
    }
    let answer = message();
    socket.send('in fragments, please');
    found.fragments = same(new Uint8Array(await answer), half);
    const burst = [];
    const all = new Promise((resolve) => {
      socket.onmessage = (event) => { if (burst.push(event.data) === 500) resolve(); };
    });
    for (let i = 0; i < 500; i++) socket.send(i % 10 === 0 ? json + i : 'n' + i);
    await all;
    found.burst = burst.every((data, i) => data === (i % 10 === 0 ? json + i : 'n' + i));
    const end = new Promise((resolve) => { socket.onclose = (event) => resolve([event.code, event.wasClean]); });
    socket.close(1000);
    found.end = await end;
    return found;
  };
  const findings = {};
  for (const target of input) {
    findings[target.name] = await visit(target).catch((error) => ({ error: String(error) }));
  }
  return findings;
`;

function halfNoise(): Buffer {
  const bytes = Buffer.alloc(2 * MIB);
  for (let i = 0, x = 1; i < MIB; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = (x >> 16) & 0xff;
  }
  return bytes;
}

const half = halfNoise();

interface Target {
  readonly name: string;
  readonly url: string;
  /** How much of the 8 MiB of the same letter was on the wire, on its way to us. */
  readonly wire: { longest: number };
}

async function startTarget(
  name: string,
  deflate: WebSocketPerMessageDeflateOptions | false,
  secure: boolean,
): Promise<Target> {
  const wire = { longest: 0 };
  // Messages of zeros have the highest ratio that there is.
  const limits = { threshold: 0, maxSyncCompressBytes: 16 * MIB, maxInflateRatio: 1032 };
  const perMessageDeflate = deflate === false ? false : { ...limits, ...deflate };
  const options: SocketServerOptions = secure ? { tlsOptions: { tls: true, ...identity } } : {};
  const { port } = await startServer({ perMessageDeflate, ...options }, (server) => {
    server.setOnClientMessageCallback(async (_state, webSocket, message) => {
      if (message.type !== 'message') return;
      if (message.data.length === 8 * MIB) wire.longest = Math.max(wire.longest, message.wireSize);
      if (message.data !== 'in fragments, please') webSocket.send(message.data, message.binary);
      else await webSocket.send(half, () => true);
    });
  });
  return { name, url: `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/`, wire };
}

const flags = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

test.each([
  ['ws', false],
  ['wss', true],
])(
  'Chromium over %s, with deflate at every corner and without',
  async (scheme, secure) => {
    const targets = [await startTarget('without deflate', false, secure), await startTarget('defaults', {}, secure)];
    for (const [clientNone, serverNone] of flags) {
      const takeover = { clientNoContextTakeover: clientNone, serverNoContextTakeover: serverNone };
      for (const bits of [8, 9, 12, 15]) {
        const name = `${clientNone}, ${serverNone}, ${bits}`;
        const windows = { clientMaxWindowBits: bits, serverMaxWindowBits: bits };
        targets.push(await startTarget(name, { ...takeover, ...windows }, secure));
      }
    }
    const context = { clientNoContextTakeover: false, serverNoContextTakeover: false };
    for (const bits of [10, 11, 13, 14]) {
      const windows = { clientMaxWindowBits: bits, serverMaxWindowBits: 23 - bits };
      targets.push(await startTarget(`${bits} and ${23 - bits}`, { ...context, ...windows }, secure));
    }
    const findings = await runInChromium(script, targets, { certFile: identity.certFile });
    const allTrue = (count: number): true[] => Array.from({ length: count }, () => true);
    const expected = Object.fromEntries(
      targets.map(({ name }) => [
        name,
        {
          extensions: name === 'without deflate' ? '' : expect.stringMatching(/^permessage-deflate/),
          texts: allTrue(9),
          binaries: allTrue(5),
          fragments: true,
          burst: true,
          end: [1000, true],
        },
      ]),
    );
    expect(findings, scheme).toEqual(expected);
    for (const { name, wire } of targets) {
      if (name === 'without deflate') expect(wire.longest).toBeGreaterThan(8 * MIB);
      else expect(wire.longest, name).toBeLessThan(MIB);
    }
  },
  TIMEOUT_MS,
);
