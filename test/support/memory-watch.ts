import { usedBytes } from './collect-garbage.ts';

/** How much more memory there is in use than at the beginning. */
export class MemoryWatch {
  readonly #used: number;
  readonly #mostResident: number;

  constructor() {
    this.#used = usedBytes();
    this.#mostResident = mostResidentBytes();
  }

  /** Bytes that are in use now, garbage apart. */
  get grown(): number {
    return usedBytes() - this.#used;
  }

  /** Bytes by which the process has been larger than it ever was before. */
  get peak(): number {
    return mostResidentBytes() - this.#mostResident;
  }
}

function mostResidentBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
