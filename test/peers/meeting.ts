import type {
  ServerWebSocket,
  SocketServerOptions,
  WebSocket,
  WebSocketErrorInfo,
  WebSocketOptions,
} from '../../src/index.ts';
import { type FrameFields, frame, RFC_MASK } from '../support/frames.ts';
import { MessageLog } from '../support/message-log.ts';
import { openRaw, type RawPeer } from '../support/raw-peer.ts';
import { listenRaw, type RawServer, switchingProtocols } from '../support/raw-server.ts';
import { createClient, startServer } from '../support/running.ts';

/** The end of what a scripted server says: it leaves the connection open, ends its side, or resets it. */
export type Ending = 'stays' | 'ends' | 'resets';

/** A server that reads a request, says `answer` to it, and ends so. */
export function answerAndEnd(answer: (request: string) => string | Uint8Array, ending: Ending): Promise<RawServer> {
  return listenRaw(async (peer) => {
    const bytes = answer(await peer.head());
    if (bytes.length > 0) peer.write(bytes);
    if (ending === 'ends') peer.socket.end();
    if (ending === 'resets') peer.socket.resetAndDestroy();
  });
}

/** The failure of one attempt to connect. */
export async function failureOf(options: WebSocketOptions): Promise<WebSocketErrorInfo> {
  const { client } = createClient(options);
  const result = await client.connect();
  if (result.success) throw new Error('it connected');
  return result.errorInfo;
}

/** Which side the scripted peer is; ours is the other one. */
export type PeerRole = 'server' | 'client';

export const peerRoles: readonly PeerRole[] = ['server', 'client'];

/** The scripted end of an open connection. It masks its frames when it is the client. */
export class ScriptedPeer {
  readonly raw: RawPeer;
  readonly #mask: string | undefined;

  constructor(raw: RawPeer, role: PeerRole) {
    this.raw = raw;
    this.#mask = role === 'client' ? RFC_MASK : undefined;
  }

  /** The frames as they cross the wire. */
  bytesOf(...frames: readonly FrameFields[]): Buffer {
    return Buffer.concat(frames.map((fields) => frame({ mask: this.#mask, ...fields })));
  }

  /** Sends frames in one segment. */
  send(...frames: readonly FrameFields[]): void {
    this.raw.write(this.bytesOf(...frames));
  }

  /** Sends frames, and ends its side of the stream behind them. */
  hangUp(...frames: readonly FrameFields[]): void {
    this.raw.socket.end(this.bytesOf(...frames));
  }
}

export const text = (payload: Uint8Array | string, fin = true): FrameFields => ({ opcode: 1, payload, fin });
export const continuation = (payload: Uint8Array | string, fin = true): FrameFields => ({ opcode: 0, payload, fin });
export const ping = (payload = ''): FrameFields => ({ opcode: 9, payload });
export const pong = (payload: Uint8Array | string = ''): FrameFields => ({ opcode: 10, payload });

/** A close frame; without a code it is empty. */
export function close(code?: number, reason = ''): FrameFields {
  if (code === undefined) return { opcode: 8 };
  return { opcode: 8, payload: Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]) };
}

export interface Meeting {
  /** Our end. */
  readonly ours: WebSocket | ServerWebSocket;
  readonly log: MessageLog;
  readonly peer: ScriptedPeer;
}

export interface MeetingOptions {
  readonly client?: WebSocketOptions;
  readonly server?: SocketServerOptions;
  /** Fields of the scripted end's answer, or of its request. */
  readonly fields?: Record<string, string | undefined>;
}

/** An open connection between a scripted peer of this role and ours. */
export async function meet(role: PeerRole, options: MeetingOptions = {}): Promise<Meeting> {
  if (role === 'client') return meetClient(options);
  const server = await listenRaw();
  const { client, log } = createClient({ url: server.url, ...options.client });
  const connecting = client.connect();
  const raw = await server.accept();
  raw.write(switchingProtocols(await raw.head(), options.fields));
  const result = await connecting;
  if (!result.success) throw result.errorInfo.cause;
  return { ours: client, log, peer: new ScriptedPeer(raw, role) };
}

async function meetClient({ server: options, fields }: MeetingOptions): Promise<Meeting> {
  const accepted: { ours: ServerWebSocket; log: MessageLog }[] = [];
  const { port } = await startServer(options, (server) => {
    server.setOnConnectionCallback((ours) => void accepted.push({ ours, log: new MessageLog(ours) }));
  });
  const raw = await openRaw(port, fields);
  const [first] = accepted;
  if (first === undefined) throw new Error('the server did not see the connection');
  return { ...first, peer: new ScriptedPeer(raw, 'client') };
}
