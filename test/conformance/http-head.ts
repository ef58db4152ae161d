import { createHash } from 'node:crypto';
import type net from 'node:net';

/** A request or response head, as far as the suite needs it. */
export interface Head {
  readonly startLine: string;
  /** By lower-case name; repeated ones are joined with a comma. */
  readonly fields: ReadonlyMap<string, string>;
  /** What came behind it in the same read. */
  readonly rest: Buffer;
}

const END = '\r\n\r\n';

/** Reads up to the end of a head. `undefined` when the other side ends before it. */
export function readHead(socket: net.Socket): Promise<Head | undefined> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (head: Head | undefined): void => {
      socket.off('data', onData).off('end', onOver).off('close', onOver).off('error', onOver);
      resolve(head);
    };
    const onOver = (): void => finish(undefined);
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf(END);
      if (end < 0) return;
      socket.pause();
      finish(parseHead(bytes.toString('latin1', 0, end), bytes.subarray(end + END.length)));
    };
    socket.on('data', onData).on('end', onOver).on('close', onOver).on('error', onOver);
  });
}

function parseHead(source: string, rest: Buffer): Head {
  const [startLine = '', ...lines] = source.split('\r\n');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { startLine, fields, rest };
}

/** `Sec-WebSocket-Accept` for a key (RFC 6455 section 4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'latin1').digest('base64');
}
