import type { WebSocketPerMessageDeflateOptions } from '../../index.ts';

/** The options about compression. */
export interface DeflateValues {
  readonly withoutDeflate: boolean;
  readonly deflateThreshold: number | undefined;
}

export function planDeflate(values: DeflateValues): boolean | WebSocketPerMessageDeflateOptions {
  if (values.withoutDeflate || values.deflateThreshold === undefined) return !values.withoutDeflate;
  return { threshold: values.deflateThreshold };
}
