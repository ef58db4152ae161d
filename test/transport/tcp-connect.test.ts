import { describe, expect, test } from 'vitest';
import { connectTcp } from '../../src/transport/tcp/tcp-connect.ts';
import { turns } from '../support/eventually.ts';
import { patient } from '../support/patience.ts';
import { listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { TransportRecorder } from '../support/transport-recorder.ts';

describe('connectTcp()', () => {
  test('rejects with the reason of its signal, before and while it connects, and leaves no socket', async () => {
    const before = activeResources();
    const reason = new Error('mine');
    await expect(connectTcp({ host: '127.0.0.1', port: 1, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const connecting = connectTcp({ host: 'x.test', port: 1, lookup: () => undefined, signal: controller.signal });
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    await noSocketsBut(before);
  });

  test('tells the address that was found', async () => {
    const server = await listenRaw();
    const found: string[] = [];
    const transport = await connectTcp({
      host: 'x.test',
      port: server.port,
      lookup: (_name, options, callback) => {
        const addresses = options.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1';
        process.nextTick(() => callback(null, addresses, 4));
      },
      onLookup: (address) => found.push(address),
    });
    expect(found).toEqual(['127.0.0.1']);
    transport.destroy();
  });

  test('tries the next address when the first does not work', async () => {
    const server = await listenRaw();
    const transport = await connectTcp({
      host: 'x.test',
      port: server.port,
      lookup: (_name, options, callback) => {
        const addresses = [
          { address: '127.0.0.2', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ];
        callback(null, options.all === true ? addresses : '127.0.0.1', 4);
      },
    });
    expect(transport.remoteAddress).toBe('127.0.0.1');
    transport.destroy();
  });

  test('does not wait for an address that does not answer', async () => {
    const server = await listenRaw();
    const transport = await connectTcp({
      host: 'x.test',
      port: server.port,
      attemptTimeoutMs: 20,
      signal: AbortSignal.timeout(patient(5000)),
      lookup: (_name, options, callback) => {
        // The first is for documentation (RFC 5737): no machine has it.
        const addresses = [
          { address: '192.0.2.1', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ];
        callback(null, options.all === true ? addresses : '127.0.0.1', 4);
      },
    });
    expect(transport.remoteAddress).toBe('127.0.0.1');
    transport.destroy();
  });

  test('connects from the local address', async () => {
    const server = await listenRaw();
    const transport = await connectTcp({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.3' });
    expect((await server.accept()).socket.remoteAddress).toBe('127.0.0.3');
    transport.destroy();
  });

  test('reads nothing before it is started', async () => {
    const server = await listenRaw((peer) => peer.write('early'));
    const transport = await connectTcp({ host: '127.0.0.1', port: server.port });
    await turns(20);
    const recorder = new TransportRecorder();
    transport.start(recorder);
    await recorder.until('the bytes', () => recorder.bytes.toString() === 'early');
    transport.destroy();
  });

  test('reports a connection that was lost before it was started', async () => {
    const server = await listenRaw();
    const transport = await connectTcp({ host: '127.0.0.1', port: server.port });
    (await server.accept()).socket.resetAndDestroy();
    await turns(20);
    const recorder = new TransportRecorder();
    transport.start(recorder);
    await recorder.until('closed', () => recorder.events.includes('closed'));
  });
});
