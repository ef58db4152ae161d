import { createHash, randomBytes } from 'node:crypto';

/**
 * A sender's transfer, or a receiver. Everybody hears the id, and only the owner knows the secret that it is the hash of:
 * a relay that is told the secret lets nobody else speak under the id, on the next connection of its owner as well.
 */
export class Identity {
  readonly secret: string = randomBytes(16).toString('hex');
  readonly id: string = idOfSecret(this.secret);
}

/** The id that a secret makes: the first half of its SHA-256. */
export function idOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 32);
}
