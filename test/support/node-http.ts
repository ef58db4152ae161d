import http from 'node:http';
import { Duplex } from 'node:stream';
import { turns } from './eventually.ts';

/** A message as Node's HTTP parser reads it. */
export interface NodeMessage {
  /** `method target` or `status reason`, with the version as it was sent. */
  readonly start: string;
  readonly headers: [string, string][];
  body: string;
  trailers: [string, string][];
  isComplete: boolean;
  readonly isInterim: boolean;
}

/** What Node makes of some bytes. */
export interface NodeReading {
  readonly messages: NodeMessage[];
  /** Code of the error, such as `HPE_INVALID_CHUNK_SIZE`. */
  failure: string | undefined;
}

/** A connection without a socket: it delivers `bytes`, cut at `cuts`, and takes whatever is written. */
class Wire extends Duplex {
  constructor(bytes: Buffer, cuts: readonly number[]) {
    super();
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      if (to > from) this.push(bytes.subarray(from, to));
      from = to;
    }
    this.push(null);
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, callback: () => void): void {
    callback();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

const pairsOf = (raw: readonly string[]): [string, string][] =>
  Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] as string, raw[2 * i + 1] as string]);

function collect(message: http.IncomingMessage, start: string, reading: NodeReading): NodeMessage {
  const { rawHeaders, httpVersion } = message;
  const collected: NodeMessage = {
    start: `${start} ${httpVersion}`,
    headers: pairsOf(rawHeaders),
    body: '',
    trailers: [],
    isComplete: false,
    isInterim: false,
  };
  reading.messages.push(collected);
  message.on('data', (data: Buffer) => {
    collected.body += data.toString('latin1');
  });
  message.on('end', () => {
    collected.isComplete = message.complete;
    collected.trailers = pairsOf(message.rawTrailers);
  });
  message.on('error', () => undefined);
  return collected;
}

const failureOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? error.message;

/** Turns of the event loop until Node has delivered what it read: nothing here waits for the outside world. */
const TURNS = 6;

/** Node's reading of requests, strict as it is by default, and with nothing behind it that answers or refuses. */
export class NodeRequestReader {
  private readonly server: http.Server;
  private readonly readings = new Map<Duplex, NodeReading>();

  constructor() {
    this.server = http.createServer({
      insecureHTTPParser: false,
      requireHostHeader: false,
      headersTimeout: 0,
      requestTimeout: 0,
      keepAliveTimeout: 0,
      connectionsCheckingInterval: 0x7fffffff,
    });
    const onRequest = (request: http.IncomingMessage): void => {
      const reading = this.readings.get(request.socket);
      if (reading !== undefined) collect(request, `${request.method} ${request.url}`, reading);
    };
    this.server.on('request', onRequest).on('checkContinue', onRequest).on('checkExpectation', onRequest);
    this.server.on('connect', (request: http.IncomingMessage, wire: Duplex) => {
      const reading = this.readings.get(wire);
      if (reading !== undefined) collect(request, `${request.method} ${request.url}`, reading).isComplete = true;
    });
    this.server.on('clientError', (error: Error, wire: Duplex) => {
      const reading = this.readings.get(wire);
      if (reading !== undefined) reading.failure ??= failureOf(error);
    });
  }

  /** Reads every one of `inputs` as a connection of its own. */
  async read(inputs: readonly { bytes: Buffer; cuts: readonly number[] }[]): Promise<NodeReading[]> {
    const wires = inputs.map(({ bytes, cuts }) => new Wire(bytes, cuts));
    const readings = wires.map((wire): NodeReading => {
      const reading: NodeReading = { messages: [], failure: undefined };
      this.readings.set(wire, reading);
      wire.on('error', () => undefined);
      this.server.emit('connection', wire);
      return reading;
    });
    await turns(TURNS);
    for (const wire of wires) {
      this.readings.delete(wire);
      wire.destroy();
    }
    return readings;
  }
}

/** Node's reading of responses to requests of the given methods. */
export async function readResponsesWithNode(
  inputs: readonly { bytes: Buffer; cuts: readonly number[]; method: string }[],
): Promise<NodeReading[]> {
  const wires: Wire[] = [];
  const readings = inputs.map(({ bytes, cuts, method }): NodeReading => {
    const reading: NodeReading = { messages: [], failure: undefined };
    const wire = new Wire(bytes, cuts);
    wires.push(wire);
    const request = http.request({
      method,
      path: method === 'CONNECT' ? 'a:443' : '/',
      host: 'a',
      insecureHTTPParser: false,
      createConnection: () => wire,
    });
    const onResponse = (response: http.IncomingMessage): NodeMessage =>
      collect(response, `${response.statusCode} ${response.statusMessage}`, reading);
    request.on('information', (info: http.InformationEvent) => {
      const { statusCode, statusMessage, httpVersion, rawHeaders } = info;
      const start = `${statusCode} ${statusMessage} ${httpVersion}`;
      const headers = pairsOf(rawHeaders);
      reading.messages.push({ start, headers, body: '', trailers: [], isComplete: true, isInterim: true });
    });
    request.on('response', onResponse);
    const onTunnel = (response: http.IncomingMessage): void => {
      onResponse(response).isComplete = true;
    };
    request.on('connect', onTunnel).on('upgrade', onTunnel);
    request.on('error', (error) => {
      reading.failure ??= failureOf(error);
    });
    request.end();
    return reading;
  });
  await turns(TURNS);
  for (const wire of wires) wire.destroy();
  return readings;
}
