import { describe, expect, onTestFinished, test } from 'vitest';
import { ConnectError, WebSocket } from '../../src/index.ts';
import { startGuardedServer } from '../support/attacked.ts';
import { Bystander } from '../support/bystander.ts';
import { patient } from '../support/patience.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { listenRaw, switchingProtocols } from '../support/raw-server.ts';

/** Values of a window that are none (CVE-2026-2229), and other things that must not reach zlib. */
const values = ['0', '7', '16', '99', '-1', '015', '8.0', '0x8', '1e1', '""', '" 8"', '9'.repeat(400), 'constructor'];
const params = [
  ...values.flatMap((value) => [`server_max_window_bits=${value}`, `client_max_window_bits=${value}`]),
  'server_max_window_bits',
  'server_max_window_bits=10; server_max_window_bits=10',
  'client_max_window_bits=10; client_max_window_bits=10',
  'server_no_context_takeover; server_no_context_takeover',
  'server_no_context_takeover=1',
  'client_no_context_takeover=""',
  '__proto__',
  'constructor=1',
  'toString; hasOwnProperty',
];

describe('parameters of permessage-deflate that are none', () => {
  test('are declined by a server, or refused when they are no parameters at all', async () => {
    const { port, url } = await startGuardedServer({ perMessageDeflate: true });
    const bystander = await Bystander.join(url, { perMessageDeflate: true });
    await Promise.all(
      params.map(async (param) => {
        const fields = { 'Sec-WebSocket-Extensions': `permessage-deflate; ${param}` };
        const raw = await connectRaw(port, { send: upgradeRequest(fields) });
        const head = await raw.head();
        expect(head, param).toMatch(/^HTTP\/1\.1 (101|400) /);
        expect(head.toLowerCase(), param).not.toContain('sec-websocket-extensions');
      }),
    );
    await bystander.stillServed();
  });

  test('fail the attempt of a client with a typed error', async () => {
    for (const param of [...params, 'server_max_window_bits=16, x', 'client_max_window_bits']) {
      const server = await listenRaw(async (peer) => {
        const fields = { 'Sec-WebSocket-Extensions': `permessage-deflate; ${param}` };
        peer.write(switchingProtocols(await peer.head(), fields));
      });
      const client = new WebSocket({ url: server.url, perMessageDeflate: true });
      onTestFinished(() => void client.stop());
      const result = await client.connect();
      if (result.success) throw new Error(`accepted ${param}`);
      expect(result.errorInfo.cause).toBeInstanceOf(ConnectError);
      expect(result.errorInfo.code, param).toMatch(/^(invalidExtensions|malformedResponse)$/);
    }
  });
});

describe('a list of extensions that is long', () => {
  const fill = (piece: string): string => piece.repeat(Math.floor(8000 / piece.length));
  test.each([' ', ',', ', ', ';', 'x,', 'x;y,', 'permessage-deflate,', '"', 'x="\\', '=', '\t'])(
    'of %j holds up nobody',
    async (piece) => {
      const { port, url } = await startGuardedServer({ perMessageDeflate: true });
      const bystander = await Bystander.join(url);
      const request = upgradeRequest({
        'Sec-WebSocket-Extensions': `x${fill(piece)}x`,
        'Sec-WebSocket-Protocol': `x${fill(piece)}`.slice(0, 7000),
      });
      const start = performance.now();
      for (let i = 0; i < 20; i++) {
        const raw = await connectRaw(port, { send: request });
        expect(await raw.head()).toMatch(/^HTTP\/1\.1 (101|400|431) /);
        raw.socket.destroy();
      }
      // What is quadratic takes seconds.
      expect(performance.now() - start).toBeLessThan(patient(1500));
      await bystander.stillServed();
    },
  );
});
