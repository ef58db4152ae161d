import type { IncomingMessage } from 'node:http';
import { UsageError } from '../../errors.ts';
import { type Refusal, writeRefusal } from '../../protocol/http1/head/refusal.ts';
import { pathOf } from './upgrade-request.ts';

/** A request to change the protocol, as Node's HTTP server hands it over. */
export type UpgradeHandler = (request: IncomingMessage, socket: UpgradeSocket, head: Buffer) => void;

/** The part that is used here of the socket under a request to change the protocol; it is a `Duplex`. */
export interface UpgradeSocket {
  readonly destroyed: boolean;
  end(text: string, encoding: 'latin1'): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  destroy(error?: Error): unknown;
}

/** The part of Node's HTTP servers that is used here; `http.Server` and `https.Server` are such. */
export interface AttachableServer {
  on(event: 'upgrade', listener: UpgradeHandler): unknown;
  off(event: 'upgrade', listener: UpgradeHandler): unknown;
  listenerCount(event: 'upgrade'): number;
}

interface Attachment {
  /** `undefined` takes what no other does. */
  readonly path: string | undefined;
  readonly handler: UpgradeHandler;
  /** `Server` of a refusal. */
  readonly serverHeader: string;
}

/**
 * The WebSocket servers at one HTTP server, which tell each other's requests by their paths. There is one listener for
 * all of them, so that none answers what is another's.
 */
class HttpAttachments {
  private readonly httpServer: AttachableServer;
  private readonly attachments: Attachment[] = [];

  constructor(httpServer: AttachableServer) {
    this.httpServer = httpServer;
  }

  add(attachment: Attachment): void {
    const { path } = attachment;
    if (this.attachments.some((other) => other.path === path)) {
      throw new UsageError('path', `${path ?? 'every path'} of this HTTP server is served by another WebSocket server`);
    }
    if (this.attachments.length === 0) this.httpServer.on('upgrade', this.onUpgrade);
    this.attachments.push(attachment);
  }

  remove(attachment: Attachment): void {
    const at = this.attachments.indexOf(attachment);
    if (at < 0) return;
    this.attachments.splice(at, 1);
    if (this.attachments.length === 0) this.httpServer.off('upgrade', this.onUpgrade);
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: UpgradeSocket, head: Buffer): void => {
    const path = pathOf(request.url ?? '');
    const { attachments } = this;
    const found =
      attachments.find((attachment) => attachment.path === path) ??
      attachments.find((attachment) => attachment.path === undefined);
    if (found !== undefined) found.handler(request, socket, head);
    // Others that listen may want it, as development servers do for their own reloading. If there are none, nobody else
    // would ever answer.
    else if (this.httpServer.listenerCount('upgrade') === 1) refuse(socket, notFound, attachments[0]?.serverHeader);
  };
}

const notFound: Refusal = { status: 404, code: 'pathNotFound', reason: 'There is no WebSocket at this path' };

function refuse(socket: UpgradeSocket, refusal: Refusal, server: string | undefined): void {
  socket.on('error', () => undefined);
  socket.end(writeRefusal(refusal, { server }), 'latin1');
}

const attachmentsOf = new WeakMap<AttachableServer, HttpAttachments>();

/** Begins to hand requests of an HTTP server on; the function that is returned ends it. */
export function attachTo(httpServer: AttachableServer, attachment: Attachment): () => void {
  if (!isAttachable(httpServer)) {
    throw new UsageError('httpServer', 'must be an HTTP server of Node, as http.createServer() makes one');
  }
  const attachments = attachmentsOf.get(httpServer) ?? new HttpAttachments(httpServer);
  attachmentsOf.set(httpServer, attachments);
  attachments.add(attachment);
  return () => attachments.remove(attachment);
}

function isAttachable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['on', 'off', 'listenerCount'].every((name) => typeof Reflect.get(value, name) === 'function');
}
