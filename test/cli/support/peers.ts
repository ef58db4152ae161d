import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type ClientOptions, type RawData, WebSocket, WebSocketServer } from 'ws';

export interface Received {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** A client by npm ws that keeps what it gets. */
export class Peer {
  readonly socket: WebSocket;
  readonly received: Received[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private wake: () => void = () => undefined;

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on('message', (data: RawData, isBinary) => {
      this.received.push({ data: data as Buffer, isBinary });
      this.wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  async opened(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  /** Waits until so many messages have come. */
  async count(count: number): Promise<readonly Received[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.received;
  }

  async texts(count: number): Promise<string[]> {
    return (await this.count(count)).map(({ data }) => data.toString());
  }
}

/** A server by npm ws on a free port. */
export async function startPeerServer(
  onConnection: (socket: WebSocket, uri: string, headers: NodeJS.Dict<string | string[]>) => void,
  selectsSubprotocol = true,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const handleProtocols = selectsSubprotocol ? {} : { handleProtocols: () => false as const };
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 2 ** 30, ...handleProtocols });
  server.on('connection', (socket, request) => onConnection(socket, request.url ?? '', request.headers));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
