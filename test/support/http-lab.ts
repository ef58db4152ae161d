import { HttpConnection } from '../../src/http-server/connection/http-connection.ts';
import type { HttpConnectionOwner, HttpService } from '../../src/http-server/connection/http-service.ts';
import {
  type HttpServerOptions,
  type HttpSettings,
  resolveHttpServerOptions,
} from '../../src/http-server/http-server-options.ts';
import { HttpErrorCode, type HttpRequest, HttpResponse } from '../../src/index.ts';
import type { RequestHead } from '../../src/protocol/http1/head/request-head.ts';
import { MemoryAccount } from '../../src/server/core/memory-account.ts';
import type { PlainConnection } from '../../src/server/life/plain-connection.ts';
import type { Transport, TransportHandler } from '../../src/transport/transport.ts';
import { TimerWheel } from '../../src/util/timer-wheel.ts';
import { turns } from './eventually.ts';
import { FakeClock } from './fake-clock.ts';
import { readResponses, type WireResponse } from './http-responses.ts';
import { createMemoryPair, type MemoryTransport } from './memory-transport.ts';

export type LabHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

export function ok(body = '', headers: Record<string, string> = {}): HttpResponse {
  return new HttpResponse(200, 'OK', HttpErrorCode.Ok, headers, body);
}

/** The other end of a connection in memory. */
export class LabClient implements TransportHandler {
  readonly transport: MemoryTransport;
  hasEnded = false;
  isClosed = false;
  private pieces: Buffer[] = [];

  constructor(transport: MemoryTransport) {
    this.transport = transport;
    transport.start(this);
  }

  get bytes(): Buffer {
    if (this.pieces.length > 1) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** How many writes arrived. */
  reads = 0;
  /** Reads once after each `resume()`. */
  readsOnce = false;

  async send(text: string | Buffer): Promise<void> {
    this.transport.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    await turns();
  }

  responses(methods?: readonly string[]): WireResponse[] {
    return readResponses(this.bytes, methods).responses;
  }

  onBytes(buffer: Buffer, start: number, end: number): void {
    this.reads++;
    if (this.readsOnce) this.transport.pause();
    this.pieces.push(Buffer.from(buffer.subarray(start, end)));
  }

  onEnd(): void {
    this.hasEnded = true;
  }

  onDrain(): void {}

  onClosed(): void {
    this.isClosed = true;
  }
}

/** An HTTP server over memory, whose time passes only when it is told to. */
export class HttpLab implements HttpConnectionOwner<string>, HttpService<string> {
  readonly clock: FakeClock = new FakeClock();
  readonly wheel: TimerWheel = new TimerWheel(this.clock);
  readonly settings: HttpSettings;
  readonly memory: MemoryAccount;
  readonly requests: HttpRequest[] = [];
  readonly errors: unknown[] = [];
  readonly connections = new Set<PlainConnection>();
  readonly upgrades: { head: RequestHead; rest: Buffer; transport: Transport }[] = [];
  handler: LabHandler;

  constructor(handler: LabHandler = () => ok('hello'), options: HttpServerOptions = {}, budgetBytes = 1 << 28) {
    this.handler = handler;
    this.settings = resolveHttpServerOptions(options);
    this.memory = new MemoryAccount(budgetBytes);
  }

  connect(options: { maxReadBytes?: number } = {}): LabClient {
    const [ours, theirs] = createMemoryPair(options);
    new HttpConnection(this, this, ours).start(10_000);
    return new LabClient(theirs);
  }

  /** What one client gets for what it sends in one write. */
  async ask(text: string | Buffer): Promise<LabClient> {
    const client = this.connect();
    await client.send(text);
    return client;
  }

  readonly callback = (request: HttpRequest): unknown => {
    this.requests.push(request);
    return this.handler(request);
  };

  reportError(error: unknown): void {
    this.errors.push(error);
  }

  isUpgrade(head: RequestHead): boolean {
    return head.headers.has('Upgrade');
  }

  allowsHost(): boolean {
    return true;
  }

  join(connection: PlainConnection): { state: string } {
    this.connections.add(connection);
    return { state: 'state' };
  }

  upgrade(connection: PlainConnection, transport: Transport, head: RequestHead, rest: Buffer): void {
    this.connections.delete(connection);
    this.upgrades.push({ head, rest, transport });
  }

  leave(connection: PlainConnection): void {
    this.connections.delete(connection);
  }

  onTalks(): void {}

  countRefusal(): void {}
}

/** A request with a Host, and whatever else is wanted. */
export function get(target = '/', fields: Record<string, string> = {}, method = 'GET'): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\nHost: h\r\n${lines.join('')}\r\n`;
}

export function post(body: string, fields: Record<string, string> = {}, target = '/'): string {
  return `${get(target, { 'Content-Length': String(Buffer.byteLength(body, 'latin1')), ...fields }, 'POST')}${body}`;
}

/** A body in chunks of one length. */
export function chunked(body: string, size: number, fields: Record<string, string> = {}): string {
  let text = get('/', { 'Transfer-Encoding': 'chunked', ...fields }, 'POST');
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}
