import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocketCloseInfo, WebSocketConnection } from '../../src/index.ts';
import type { SocketServerOptions } from '../../src/server/server-options.ts';
import { bombOf } from '../support/bomb.ts';
import { BYSTANDER, Bystander } from '../support/bystander.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { RawPeer, upgradeRequest } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';
import { authority, identity, trusting } from '../support/secure.ts';

const MIB = 1024 * 1024;

interface SecureAttack {
  readonly port: number;
  readonly connection: WebSocketConnection;
  readonly raw: RawPeer;
  readonly secure: tls.TLSSocket;
  readonly bystander: Bystander;
  readonly closed: Promise<WebSocketCloseInfo>;
  readonly received: { messages: number };
}

/** Stands between a client and a server, and puts bytes of its own among those of the client. */
interface Relay {
  readonly port: number;
  target: number;
  inject(bytes: Buffer): void;
}

async function relay(): Promise<Relay> {
  const sockets: net.Socket[] = [];
  const listener = net.createServer((client) => {
    const server = net.connect(self.target, '127.0.0.1');
    sockets.push(client, server);
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.pipe(server).pipe(client);
  });
  onTestFinished(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as net.AddressInfo;
  const self: Relay = { port, target: 0, inject: (bytes) => void sockets[1]?.write(bytes) };
  return self;
}

/** An attacker that speaks TLS, and a bystander that does as well. */
async function attackSecurely(
  options: SocketServerOptions = {},
  connectOptions: tls.ConnectionOptions = {},
  fields: Record<string, string> = {},
  between?: Relay,
): Promise<SecureAttack> {
  const connections: WebSocketConnection[] = [];
  const tlsOptions = { tls: true, ...identity };
  const { port } = await startServer({ tlsOptions, closeTimeoutSecs: 0.1, ...options }, (server) => {
    server.setOnConnectionCallback((webSocket) => void connections.push(webSocket));
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'message' && String(message.data).startsWith(BYSTANDER)) webSocket.send(message.data);
    });
  });
  const bystander = await Bystander.join(`wss://localhost:${port}/`, { tlsOptions: trusting });
  if (between !== undefined) between.target = port;
  const secure = tls.connect({
    port: between?.port ?? port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: authority.certificate,
    ...connectOptions,
  });
  secure.allowHalfOpen = true;
  onTestFinished(() => void secure.destroy());
  const raw = new RawPeer(secure);
  raw.write(upgradeRequest(fields));
  await raw.head();
  const connection = connections.at(-1);
  if (connection === undefined) throw new Error('the server did not see the connection');
  const received = { messages: 0 };
  connection.on('message', () => received.messages++);
  const closed = new Promise<WebSocketCloseInfo>((resolve) => {
    connection.on('close', ({ closeInfo }) => resolve(closeInfo));
  });
  return { port, connection, raw, secure, bystander, closed, received };
}

describe('a peer over TLS', () => {
  test('that never answers a close frame, and talks on, is gone within closeTimeoutSecs', async () => {
    const { connection, raw, bystander, closed } = await attackSecurely();
    connection.close(3000);
    await raw.frames(1);
    const talking = setInterval(() => raw.write(frame({ opcode: 1, payload: 'on and on', mask: RFC_MASK })), 1);
    try {
      expect(await closed).toMatchObject({ code: 1006, remote: false, layer: 'transport' });
      await raw.closed();
    } finally {
      clearInterval(talking);
    }
    await bystander.stillServed();
  });

  test('that breaks the protocol and never ends the stream is gone within closeTimeoutSecs', async () => {
    const { raw, bystander, closed } = await attackSecurely();
    raw.write(frame({ opcode: 3, mask: RFC_MASK }));
    const [close] = await raw.frames(1);
    expect(close?.payload.readUInt16BE()).toBe(1002);
    expect(await closed).toMatchObject({ code: 1002, remote: false, layer: 'websocket' });
    await raw.gone();
    await bystander.stillServed();
  });

  test('that never reads costs maxBufferedBytes', async () => {
    const limit = MIB;
    const { connection, raw, bystander, closed } = await attackSecurely({ maxBufferedBytes: limit });
    raw.socket.pause();
    const memory = new MemoryWatch();
    const piece = Buffer.alloc(64 * 1024, 1);
    let refused = 0;
    await eventually('the buffer to be full', () => {
      // Bounded, should the limit be none.
      for (let i = 0; i < 100 && connection.send(piece).success; i++);
      return connection.bufferedAmount() > 8 * limit || (connection.bufferedAmount() > limit / 2 && ++refused > 10);
    });
    expect(connection.bufferedAmount()).toBeLessThanOrEqual(limit + piece.length);
    await bystander.stillServed();
    // Records that were encrypted wait beside what they were made of.
    expect(memory.grown).toBeLessThan(4 * limit);
    connection.close();
    expect(await closed).toMatchObject({ code: 1006 });
    await eventually('the memory to be back', () => memory.grown < MIB);
  });

  test('that sends one byte in each record is served, and costs no memory', async () => {
    const { raw, bystander, received } = await attackSecurely();
    const memory = new MemoryWatch();
    const bytes = frame({ opcode: 1, payload: 'x'.repeat(500), mask: RFC_MASK });
    for (const byte of bytes) {
      raw.write(Buffer.from([byte]));
      await turns(1);
    }
    await eventually('the message', () => received.messages === 1);
    await bystander.stillServed();
    expect(memory.grown).toBeLessThan(MIB);
  });

  test('that sends a bomb is closed with 1009', async () => {
    const perMessageDeflate = { clientNoContextTakeover: false };
    const fields = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const { raw, bystander, closed } = await attackSecurely({ perMessageDeflate }, {}, fields);
    const memory = new MemoryWatch();
    raw.write(frame({ opcode: 2, rsv: 4, payload: bombOf(256), mask: RFC_MASK }));
    const [close] = await raw.frames(1);
    expect(close?.payload.toString('latin1')).toBe('\x03\xf1Message too big');
    expect(await closed).toMatchObject({ code: 1009 });
    await bystander.stillServed();
    expect(memory.peak).toBeLessThan(128 * MIB);
  });

  test('that floods with pings is closed with 1008', async () => {
    const { raw, bystander, closed } = await attackSecurely();
    const ping = frame({ opcode: 9, payload: 'p', mask: RFC_MASK });
    raw.write(Buffer.concat(Array.from({ length: 20_000 }, () => ping)));
    expect(await closed).toMatchObject({ code: 1008 });
    expect(raw.framesSoFar().length).toBeLessThan(400);
    await bystander.stillServed();
  });

  test('that asks for a new handshake again and again is cut off (TLS 1.2)', async () => {
    const { secure, bystander, closed } = await attackSecurely({}, { maxVersion: 'TLSv1.2' });
    const renegotiate = (): void => {
      secure.renegotiate({}, (error) => {
        if (error === null && !secure.destroyed) renegotiate();
      });
    };
    secure.on('error', () => undefined);
    renegotiate();
    expect(await closed).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
    await bystander.stillServed();
  });

  test('that sends garbage in place of a record loses its connection and nothing else', async () => {
    const beneath = await Promise.all([relay(), relay()]);
    for (const [i, garbage] of [Buffer.alloc(5000, 0x5a), Buffer.from('1703034001', 'hex')].entries()) {
      const between = beneath[i];
      if (between === undefined) throw new Error('no relay');
      const { bystander, closed, secure } = await attackSecurely({}, {}, {}, between);
      secure.on('error', () => undefined);
      between.inject(Buffer.concat([garbage, Buffer.alloc(20_000)]));
      expect(await closed).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
      await bystander.stillServed();
    }
  });
});
