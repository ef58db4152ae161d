import type { Identity } from '../../test/support/certificates.ts';
import type { Deflate } from '../rows.ts';

/** What an echo server is to do besides echoing; without either it speaks plain, uncompressed WebSocket. */
export interface ServerSetup {
  readonly deflate?: Deflate | undefined;
  readonly identity?: Identity | undefined;
  /** Of each message that is broadcast. */
  readonly size?: number | undefined;
  /** Broadcasts in one turn of the event loop. */
  readonly perTurn?: number | undefined;
}

let sequence = 0;

/** A text of `size` characters that was not sent before. */
export function broadcastText(size: number): string {
  const head = `{"seq":${sequence++},"pair":"EUR-USD","items":[`;
  return head.padEnd(size, '"a price","a size",');
}

export function setupArguments(setup: ServerSetup): readonly string[] {
  return [JSON.stringify(setup)];
}

export function readSetup(): ServerSetup {
  return JSON.parse(process.argv[2] ?? '{}') as ServerSetup;
}
