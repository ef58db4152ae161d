import { createHash } from 'node:crypto';
import net from 'node:net';
import { onTestFinished } from 'vitest';
import { RawPeer } from './raw-peer.ts';
import { Watch } from './watch.ts';

/** A server that speaks whatever a test wants. */
export class RawServer {
  readonly port: number;
  readonly peers: RawPeer[] = [];
  readonly #watch = new Watch();
  #taken = 0;

  constructor(port: number) {
    this.port = port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  add(peer: RawPeer): void {
    this.peers.push(peer);
    this.#watch.changed();
  }

  /** The next connection that was not asked for yet. */
  async accept(): Promise<RawPeer> {
    return this.#watch.until('a connection', () => {
      const peer = this.peers[this.#taken];
      if (peer !== undefined) this.#taken++;
      return peer;
    });
  }

  /** The next connection, with the opening handshake completed; `behind` goes into the same segment. */
  async acceptUpgrade(behind: Uint8Array = Buffer.alloc(0)): Promise<RawPeer> {
    const peer = await this.accept();
    answerUpgrade(peer, await peer.head(), behind);
    return peer;
  }
}

/** Listens, and does to each connection what `onPeer` does. */
export async function listenRaw(onPeer: (peer: RawPeer) => unknown = () => undefined): Promise<RawServer> {
  const sockets = new Set<net.Socket>();
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    const peer = new RawPeer(socket);
    server.add(peer);
    onPeer(peer);
  });
  onTestFinished(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const server = new RawServer((listener.address() as net.AddressInfo).port);
  return server;
}

/** A server that answers every request with these bytes. */
export function listenAndAnswer(answer: (request: string) => string | Uint8Array): Promise<RawServer> {
  return listenRaw(async (peer) => {
    peer.write(answer(await peer.head()));
  });
}

export function switchingProtocols(request: string, fields: Record<string, string | undefined> = {}): string {
  const key = /^sec-websocket-key: *(.*)\r$/im.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const all: Record<string, string | undefined> = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': accept,
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}

export function answerUpgrade(peer: RawPeer, request: string, behind: Uint8Array = Buffer.alloc(0)): void {
  peer.write(Buffer.concat([Buffer.from(switchingProtocols(request), 'latin1'), behind]));
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
