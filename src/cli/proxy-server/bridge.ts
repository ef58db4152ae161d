import {
  type ConnectResult,
  WebSocket,
  type WebSocketCloseInfo,
  type WebSocketConnection,
  type WebSocketMessage,
  type WebSocketOptions,
} from '../../index.ts';
import { Forward } from '../peers/forward.ts';

/** RFC 6455 has no code for it; IANA's registry does. */
const BAD_GATEWAY = 1014;

/** A client that has joined a {@link Bridge}, and what is to be known of it. */
export interface BridgeClient {
  readonly webSocket: WebSocketConnection;
  /** True when its pings go on to the server behind, which answers them. */
  readonly passesPings: boolean;
  onMessage(from: 'client' | 'upstream', bytes: number): void;
}

/** The two ends that a {@link BridgeClient} joined. */
interface Joined extends BridgeClient {
  readonly toClient: Forward;
  readonly toUpstream: Forward;
}

/**
 * The connection to the server behind that is made for a client, and later that client: messages, pings, pongs and the
 * end of each go to the other, no faster than that takes them.
 */
export class Bridge {
  /** Nothing is read from it until the client is there: what the server behind sends at once waits in the system. */
  private readonly upstream: WebSocket;
  private client: Joined | undefined;
  /** Set when it ended before the client was there. */
  private upstreamClose: WebSocketCloseInfo | undefined;

  /** @throws UsageError for options that cannot be */
  constructor(options: WebSocketOptions) {
    // The client answers the pings.
    this.upstream = new WebSocket({ ...options, automaticReconnection: false, enablePong: false });
    this.upstream.setOnMessageCallback((message) => this.onUpstreamMessage(message));
    this.upstream.pause();
  }

  /** Connects to the server behind, unless `signal` ends that. */
  connect(signal: AbortSignal): Promise<ConnectResult> {
    return this.upstream.connect({ signal });
  }

  /** The client is there: what has come for it is delivered from now on. */
  join(client: BridgeClient): void {
    const { upstream } = this;
    const { webSocket } = client;
    const toClient = new Forward(upstream, webSocket);
    this.client = { ...client, toClient, toUpstream: new Forward(webSocket, upstream) };
    if (this.upstreamClose === undefined) upstream.resume();
    else closeClient(webSocket, this.upstreamClose);
  }

  /** Lets go of the server behind when no client has joined after all. */
  dropUnlessJoined(): void {
    if (this.client === undefined) this.upstream.terminate();
  }

  onClientMessage(message: WebSocketMessage): void {
    const { client, upstream } = this;
    switch (message.type) {
      case 'message':
        client?.onMessage('client', message.wireSize);
        client?.toUpstream.send(message);
        break;
      case 'ping':
        if (client?.passesPings === true) upstream.ping(message.bytes);
        break;
      case 'pong':
        upstream.pong(message.bytes);
        break;
      case 'close':
        passCloseOn(upstream, message.closeInfo);
        break;
      default:
        break;
    }
  }

  private onUpstreamMessage(message: WebSocketMessage): void {
    const { client } = this;
    switch (message.type) {
      case 'message':
        client?.onMessage('upstream', message.wireSize);
        client?.toClient.send(message);
        break;
      case 'ping':
        client?.webSocket.ping(message.bytes);
        break;
      case 'pong':
        client?.webSocket.pong(message.bytes);
        break;
      case 'close':
        this.upstreamClose = message.closeInfo;
        if (client !== undefined) closeClient(client.webSocket, message.closeInfo);
        break;
      default:
        break;
    }
  }
}

function closeClient(webSocket: WebSocketConnection, closeInfo: WebSocketCloseInfo): void {
  if (closeInfo.code === 1006) webSocket.close(BAD_GATEWAY, 'The connection behind was lost');
  else passCloseOn(webSocket, closeInfo);
}

/** Ends a connection as another has ended. Some codes only say how that was, and cannot be sent. */
function passCloseOn(target: WebSocketConnection, { code, reason }: WebSocketCloseInfo): void {
  if (code === 1005) target.close(1000, '');
  else if (code === 1006 || code === 1015) target.terminate();
  else target.close(code, reason);
  target.resume();
}
