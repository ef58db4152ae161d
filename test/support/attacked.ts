import { onTestFinished } from 'vitest';
import type { ConnectionOptions } from '../../src/connection/connection-options.ts';
import { WebSocket, type WebSocketCloseInfo, type WebSocketConnection } from '../../src/index.ts';
import { BYSTANDER, Bystander } from './bystander.ts';
import { type FrameFields, frame, RFC_MASK } from './frames.ts';
import { patient } from './patience.ts';
import { openRaw, type RawPeer } from './raw-peer.ts';
import { listenRaw, switchingProtocols } from './raw-server.ts';
import { type RunningServer, startServer } from './running.ts';

export const victims = ['server', 'client'] as const;
export type Victim = (typeof victims)[number];

/** An open connection of ours, the other end of which is an attacker, and a bystander at the same server. */
export interface Attacked {
  readonly raw: RawPeer;
  readonly connection: WebSocketConnection;
  readonly bystander: Bystander;
  /** Bytes of the messages that were delivered. */
  readonly received: { messages: number; bytes: number };
  /** How our side says it ended. */
  readonly closed: Promise<WebSocketCloseInfo>;
  /** What our side throws or rejects with. */
  readonly errors: unknown[];
  /** A frame as the attacker has to send it, masked or not. */
  frame(fields: Omit<FrameFields, 'mask'>): Buffer;
}

export interface AttackedOptions extends ConnectionOptions {
  /** What the attacker offers, or answers, as extensions. */
  readonly extensions?: string | undefined;
}

/** As for the other tests: what is on the wire is what was sent, and nobody waits long for a deadline. */
const quick = { closeTimeoutSecs: patient(0.4), perMessageDeflate: false };

/** A server that answers bystanders and nobody else. */
export function startGuardedServer(
  options: ConnectionOptions & { maxUnfinishedBytes?: number } = {},
  onConnection: (connection: WebSocketConnection) => void = () => undefined,
): Promise<RunningServer> {
  return startServer(options, (server) => {
    server.setOnConnectionCallback((webSocket) => onConnection(webSocket));
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      const isForUs = message.type === 'message' && !message.binary && message.data.startsWith(BYSTANDER);
      if (isForUs) webSocket.send(message.data);
    });
  });
}

/** Puts an attacker at the other end of one of our connections. */
export async function attack(victim: Victim, settings: AttackedOptions = {}): Promise<Attacked> {
  const { extensions, ...given } = settings;
  const errors: unknown[] = [];
  const options: ConnectionOptions = { onCallbackError: (error) => void errors.push(error), ...given };
  const fields = { 'Sec-WebSocket-Extensions': extensions };
  const connections: WebSocketConnection[] = [];
  const running = await startGuardedServer(victim === 'server' ? options : {}, (made) => void connections.push(made));
  const bystander = await Bystander.join(running.url);

  let raw: RawPeer;
  let connection: WebSocketConnection;
  if (victim === 'server') {
    raw = await openRaw(running.port, fields);
    connection = connections.at(-1) ?? fail();
  } else {
    const server = await listenRaw();
    const client = new WebSocket({ url: server.url, ...quick, ...options });
    onTestFinished(() => void client.stop());
    const connected = client.connect();
    raw = await server.accept();
    raw.write(switchingProtocols(await raw.head(), fields));
    const result = await connected;
    if (!result.success) throw result.errorInfo.cause;
    connection = client;
  }
  const received = { messages: 0, bytes: 0 };
  connection.on('message', (message) => {
    received.messages++;
    received.bytes += message.data.length;
  });
  const closed = new Promise<WebSocketCloseInfo>((resolve) => {
    connection.on('close', ({ closeInfo }) => resolve(closeInfo));
  });
  const mask = victim === 'server' ? RFC_MASK : undefined;
  return { raw, connection, bystander, received, closed, errors, frame: (of) => frame({ ...of, mask }) };
}

function fail(): never {
  throw new Error('the server did not see the connection');
}

/** The close frame that the attacker got, as `code reason`; its stream is read to the end before. */
export async function closeFrameOf(raw: RawPeer): Promise<string> {
  await raw.ended();
  const last = raw.framesSoFar().at(-1);
  if (last === undefined || last.first !== 0x88) throw new Error('the last frame is no close frame');
  return `${last.payload.readUInt16BE()} ${last.payload.subarray(2).toString()}`;
}
