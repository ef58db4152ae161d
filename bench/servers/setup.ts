import type { Identity } from '../../test/support/certificates.ts';
import type { Deflate } from '../rows.ts';

/** What an echo server is to do besides echoing; without either it speaks plain, uncompressed WebSocket. */
export interface ServerSetup {
  readonly deflate?: Deflate | undefined;
  readonly identity?: Identity | undefined;
}

export function setupArguments(setup: ServerSetup): readonly string[] {
  return [JSON.stringify(setup)];
}

export function readSetup(): ServerSetup {
  return JSON.parse(process.argv[2] ?? '{}') as ServerSetup;
}
