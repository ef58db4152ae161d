import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { agreeAsClient, agreeAsServer, isOffered } from './agreement.ts';
import type { Opening } from './case.ts';
import { Deviation } from './deviation.ts';
import { encodeFrame } from './frames.ts';
import { acceptFor, type Head, readHead } from './http-head.ts';
import { Peer } from './peer.ts';

/** What came of an opening handshake. */
export interface Opened {
  readonly peer: Peer;
  /** The response was not what the client asked for, so that it has to refuse it. */
  readonly mustBeRefused: boolean;
}

const EXTENSIONS = 'sec-websocket-extensions';

/** Opens a WebSocket as a client would. `undefined` when the server refuses. */
export async function openAsClient(
  port: number,
  path: string,
  opening: Opening = noOpening,
): Promise<Opened | undefined> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const key = randomBytes(16).toString('base64');
  const { offer } = opening;
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      ...(offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`]),
      '\r\n',
    ].join('\r\n'),
  );
  const head = await readHead(socket);
  if (head === undefined || !head.startLine.startsWith('HTTP/1.1 101 ')) {
    socket.on('error', () => {});
    socket.destroy();
    return undefined;
  }
  try {
    if (head.fields.get('sec-websocket-accept') !== acceptFor(key)) throw new Deviation('a wrong Sec-WebSocket-Accept');
    const answer = head.fields.get(EXTENSIONS);
    if (offer === undefined && answer !== undefined) throw new Deviation('an extension that nobody offered');
    checkAnswer(answer, opening);
    const codec = agreeAsClient(offer ?? '', answer);
    return { peer: new Peer(socket, true, head.rest, codec), mustBeRefused: false };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

const noOpening: Opening = { outcome: 'declined' };

function checkAnswer(answer: string | undefined, opening: Opening): void {
  if (opening.outcome === 'agreed' && answer === undefined) throw new Deviation('the offer was declined');
  if (opening.outcome === 'declined' && answer !== undefined) throw new Deviation(`the answer ${answer}`);
  const params = (answer ?? '').split(';').map((param) => param.trim());
  for (const wanted of opening.answerHas ?? []) {
    if (!params.includes(wanted)) throw new Deviation(`no ${wanted} in the answer ${answer ?? ''}`);
  }
}

interface Waiter {
  readonly opening: Opening;
  readonly resolve: (opened: Opened) => void;
  readonly reject: (error: Error) => void;
}

/** A server of the suite: every connection belongs to whoever waits for its path. */
export class OpeningServer {
  private readonly server: net.Server;
  private readonly waiters = new Map<string, Waiter>();

  constructor() {
    this.server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => void this.accept(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the suite does not listen');
    return address.port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  /** The connection that a client makes to `path`, answered as `opening` says. */
  open(path: string, opening: Opening = noOpening): Promise<Opened> {
    return new Promise((resolve, reject) => {
      this.waiters.set(path, { opening, resolve, reject });
    });
  }

  private async accept(socket: net.Socket): Promise<void> {
    const head = await readHead(socket);
    const [method, path = '', version] = head?.startLine.split(' ') ?? [];
    const waiter = this.waiters.get(path);
    if (head === undefined || waiter === undefined) {
      socket.destroy();
      return;
    }
    this.waiters.delete(path);
    if (method === 'GET' && version === 'HTTP/1.1') answer(socket, head, waiter);
    else waiter.reject(new Deviation(`the request ${head.startLine}`));
  }
}

function answer(socket: net.Socket, head: Head, { opening, resolve, reject }: Waiter): void {
  const offers = head.fields.get(EXTENSIONS);
  const isWrong = opening.outcome === 'wrong';
  const mustBeRefused = isWrong || (opening.answer !== undefined && !isOffered(offers, opening.answer));
  if (opening.outcome !== 'declined' && offers === undefined) {
    socket.destroy();
    reject(new Deviation('no extension was offered'));
    return;
  }
  const response = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptFor(head.fields.get('sec-websocket-key') ?? '')}`,
    ...(opening.answer === undefined ? [] : [`Sec-WebSocket-Extensions: ${opening.answer}`]),
    '\r\n',
  ].join('\r\n');
  const frames = (opening.framesWithResponse ?? []).map((frame) => encodeFrame(frame, false));
  socket.write(Buffer.concat([Buffer.from(response, 'latin1'), ...frames]));
  const codec = opening.answer === undefined || mustBeRefused ? undefined : agreeAsServer(opening.answer);
  resolve({ peer: new Peer(socket, false, head.rest, codec), mustBeRefused });
}
