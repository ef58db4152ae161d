import type { DeflateEngines } from '../protocol/ports.ts';
import { createZlibEngines } from './zlib-engine.ts';
import { createFallbackEngines } from './zlib-fallback.ts';
import { worksAsExpected } from './zlib-self-test.ts';

let engines: DeflateEngines | undefined;

/** The engines of this process, chosen when they are first needed. */
export function deflateEngines(): DeflateEngines {
  engines ??= chooseEngines(createZlibEngines);
  return engines;
}

/** @internal The engines of `create`, or others where those cannot be made or do not work. */
export function chooseEngines(create: () => DeflateEngines): DeflateEngines {
  try {
    const candidate = create();
    if (worksAsExpected(candidate)) return candidate;
  } catch {
    // A platform without what they are made of: the others do the same, and take longer.
  }
  return createFallbackEngines();
}
