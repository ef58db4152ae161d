import { type SocketServerOptions, WebSocket, type WebSocketOptions, WebSocketServer } from '../../src/index.ts';

/** How the side examined says that a connection ended. */
export interface ReportedClose {
  readonly code: number;
  readonly remote: boolean;
}

/** A server that echoes every message. */
export interface EchoServer {
  readonly port: number;
  /** How it reports the end of the connection to `path`; `undefined` when it does not tell. */
  closeOf(path: string): Promise<ReportedClose> | undefined;
  stop(): Promise<void>;
}

/** A client that echoes every message. */
export interface EchoClient {
  /** Settles when the connection is over; `undefined` when there was none, or when it does not tell. */
  echo(url: string): Promise<ReportedClose | undefined>;
}

/**
 * How a subject is set up: with the library's defaults, or with the other choices for compression. Then the server
 * keeps the context between messages, and the client does not, and limits the windows; both compress everything.
 */
export type Setup = 'defaults' | 'otherDeflate';

/** What the suite examines, in both roles. */
export interface Subject {
  startServer(): Promise<EchoServer>;
  readonly client: EchoClient;
  /** Whether, after failing a connection, it ends TCP without waiting for the suite. */
  readonly dropsAfterFailing: boolean;
}

/** All defaults but one: some cases are as empty as a message can be. */
const defaults = { perMessageDeflate: { maxInflateRatio: 1032 } };

const clientOptions: Readonly<Record<Setup, WebSocketOptions>> = {
  defaults,
  otherDeflate: {
    perMessageDeflate: {
      maxInflateRatio: 1032,
      threshold: 0,
      clientNoContextTakeover: true,
      serverNoContextTakeover: true,
      clientMaxWindowBits: 11,
      serverMaxWindowBits: 12,
    },
  },
};

const serverOptions: Readonly<Record<Setup, SocketServerOptions>> = {
  defaults,
  otherDeflate: {
    perMessageDeflate: {
      maxInflateRatio: 1032,
      threshold: 0,
      clientNoContextTakeover: false,
      serverNoContextTakeover: false,
    },
  },
};

/** This library. */
export const createOwnSubject = (setup: Setup): Subject => ({
  dropsAfterFailing: true,
  client: {
    async echo(url) {
      const webSocket = new WebSocket({ ...clientOptions[setup], url });
      webSocket.setOnMessageCallback((msg) => {
        if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
      });
      const result = await webSocket.connect();
      return result.success ? webSocket.run() : undefined;
    },
  },
  async startServer() {
    const closes = new CloseLog();
    const server = new WebSocketServer({ ...serverOptions[setup], port: 0 });
    server.setOnConnectionCallback((webSocket) => {
      let path = '';
      webSocket.setOnMessageCallback((msg) => {
        if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
        else if (msg.type === 'open') path = msg.openInfo.uri;
        else if (msg.type === 'close') closes.note(path, msg.closeInfo);
      });
    });
    const listening = await server.listen();
    if (!listening.ok) throw listening.error;
    server.start();
    return { port: server.getPort(), closeOf: (path) => closes.of(path), stop: () => server.stop() };
  },
});

/** Ends of connections, by path: whoever asks first, and whoever comes first. */
class CloseLog {
  private readonly known = new Map<string, ReportedClose>();
  private readonly waiting = new Map<string, (close: ReportedClose) => void>();

  note(path: string, close: ReportedClose): void {
    const resolve = this.waiting.get(path);
    if (resolve === undefined) this.known.set(path, close);
    else resolve(close);
  }

  of(path: string): Promise<ReportedClose> {
    const close = this.known.get(path);
    if (close !== undefined) return Promise.resolve(close);
    return new Promise((resolve) => {
      this.waiting.set(path, resolve);
    });
  }
}
