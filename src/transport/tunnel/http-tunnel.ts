import type net from 'node:net';
import type { HeadLimits } from '../../protocol/http1/head/head-limits.ts';
import { HeadReader } from '../../protocol/http1/head/head-reader.ts';
import { reasonPhrase, writeRequestHead } from '../../protocol/http1/head/head-writer.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { Deferred } from '../../util/deferred.ts';
import { TunnelError } from './tunnel-error.ts';

export interface HttpTunnelOptions {
  /** Host, in brackets if it is an IPv6 address, and port of the server. */
  readonly authority: string;
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | undefined;
  /** Empty to send none. */
  readonly userAgent: string;
  readonly headLimits: HeadLimits;
}

/** Interim responses that are passed over; no proxy has a reason to send more. */
const MAX_INTERIM_RESPONSES = 8;

/**
 * Asks an HTTP proxy to connect `socket` through to a server (RFC 9110 section 9.3.6). When it resolves, whatever
 * goes over the socket goes to the server; the socket is paused. Rejects with a {@link TunnelError}, or with the error
 * of the socket. It ends when the socket does: whoever wants to stop it destroys the socket.
 */
export async function openHttpTunnel(socket: net.Socket, options: HttpTunnelOptions): Promise<void> {
  const answered = new Deferred<void>();
  const reader = new HeadReader('response', options.headLimits);
  let interim = 0;
  const onData = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length && !answered.settled) {
      at = reader.read(chunk, at, chunk.length);
      if (reader.state === 'failed')
        answered.reject(failure(`its answer is not HTTP: ${reader.failure?.reason ?? ''}`, reader.status));
      if (reader.state !== 'complete' || reader.head === undefined) return;
      if (reader.head.status < 200 && reader.head.status !== 101) {
        if (++interim > MAX_INTERIM_RESPONSES) answered.reject(failure('it sends interim responses without end'));
        reader.reset();
      } else judge(reader.head, chunk.length - at, answered);
    }
  };
  const onEnd = (): void => answered.reject(hangUp(reader.status));
  const onError = (error: Error): void => answered.reject(error);
  socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  try {
    socket.resume();
    socket.write(requestFor(options), 'latin1');
    await answered.promise;
  } finally {
    socket.pause();
    socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
  }
}

function requestFor({ authority, authorization, userAgent }: HttpTunnelOptions): string {
  const headers = new HttpHeaders();
  headers.append('Host', authority);
  if (userAgent !== '') headers.append('User-Agent', userAgent);
  if (authorization !== undefined) headers.append('Proxy-Authorization', authorization);
  return writeRequestHead({ method: 'CONNECT', target: authority, headers });
}

/** A response of 2xx has no body whatever its fields say; what follows is the server's, which never speaks first. */
function judge(head: ResponseHead, bytesBehind: number, answered: Deferred<void>): void {
  const { status } = head;
  if (status < 200 || status > 299) {
    const retryAfter = head.headers.get('Retry-After');
    const message = `it answered ${status} ${reasonPhrase(status)}`.trimEnd();
    answered.reject(new TunnelError(message, { isRefusal: true, httpStatus: status, retryAfter }));
  } else if (bytesBehind > 0) answered.reject(failure('it sent something behind its answer'));
  else answered.resolve();
}

/** The proxy ended the connection, maybe inside of an answer that had come as far as its status. */
function hangUp(status: number): TunnelError {
  if (status === 0) return failure('it hung up');
  return failure(
    `it hung up inside of its answer, which began with ${status} ${reasonPhrase(status)}`.trimEnd(),
    status,
  );
}

function failure(message: string, httpStatus = 0): TunnelError {
  return new TunnelError(message, { isRefusal: false, httpStatus });
}
