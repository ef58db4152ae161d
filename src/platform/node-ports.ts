import { Buffer, isUtf8 } from 'node:buffer';
import * as crypto from 'node:crypto';
import type { ProtocolPorts } from '../protocol/ports.ts';

/** The ports of the protocols, on Node. */
export const nodePorts: ProtocolPorts = {
  fillRandom(target) {
    crypto.randomFillSync(target);
  },
  sha1Base64: typeof crypto.hash === 'function' ? hashAtOnce : hashByStream,
  isUtf8,
};

// The one-shot function takes strings as UTF-8, hence the detour over bytes; it still wins.
function hashAtOnce(text: string): string {
  return crypto.hash('sha1', Buffer.from(text, 'latin1'), 'base64');
}

function hashByStream(text: string): string {
  return crypto.createHash('sha1').update(text, 'latin1').digest('base64');
}
