import { createHash } from 'node:crypto';
import { deflateEngines } from '../../src/platform/deflate-engines.ts';
import { nodePorts } from '../../src/platform/node-ports.ts';
import type { DeflateEngines } from '../../src/protocol/ports.ts';
import { PerMessageDeflate } from '../../src/protocol/websocket/deflate/per-message-deflate.ts';
import type { PerMessageDeflateAgreement } from '../../src/protocol/websocket/deflate/per-message-deflate-negotiation.ts';
import {
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../../src/protocol/websocket/deflate/per-message-deflate-options.ts';
import { Endpoint, type EndpointHandler } from '../../src/protocol/websocket/endpoint.ts';
import { MaskSource } from '../../src/protocol/websocket/frames/masking.ts';
import type { MemoryBudget } from '../../src/protocol/websocket/frames/message-assembler.ts';
import { RecordingFrameHandler } from './recording-frame-handler.ts';
import { RecordingSink } from './recording-sink.ts';

export const withTakeover: PerMessageDeflateAgreement = {
  clientNoContextTakeover: false,
  serverNoContextTakeover: false,
  clientMaxWindowBits: 15,
  serverMaxWindowBits: 15,
};

export const withoutTakeover: PerMessageDeflateAgreement = {
  ...withTakeover,
  clientNoContextTakeover: true,
  serverNoContextTakeover: true,
};

export interface DeflateSettings {
  readonly agreement?: PerMessageDeflateAgreement;
  readonly options?: WebSocketPerMessageDeflateOptions;
  readonly engines?: DeflateEngines;
  readonly budget?: MemoryBudget;
}

/** permessage-deflate of one side; with a threshold of 0, so that everything is compressed. */
export function createDeflate(role: 'client' | 'server', settings: DeflateSettings = {}): PerMessageDeflate {
  return new PerMessageDeflate({
    role,
    agreement: settings.agreement ?? withoutTakeover,
    settings: resolvePerMessageDeflate(role, { threshold: 0, ...settings.options }),
    engines: settings.engines ?? deflateEngines(),
    budget: settings.budget,
  });
}

/** Records what an endpoint reports, as it does for a frame parser. */
class RecordingEndpointHandler extends RecordingFrameHandler implements EndpointHandler {
  onCloseFrame(code: number, reason: string, wireSize: number): void {
    this.onClose(code, reason, wireSize);
  }
}

/** An endpoint, what it writes, and what it reports. */
export interface Side {
  readonly endpoint: Endpoint;
  readonly sink: RecordingSink;
  readonly heard: RecordingFrameHandler;
  readonly deflate: PerMessageDeflate;
}

export interface SideSettings extends DeflateSettings {
  readonly maxMessageBytes?: number;
}

export function createSide(role: 'client' | 'server', settings: SideSettings = {}): Side {
  const sink = new RecordingSink();
  const heard = new RecordingEndpointHandler();
  const deflate = createDeflate(role, settings);
  const endpoint = new Endpoint({
    role,
    handler: heard,
    sink,
    ports: nodePorts,
    masks: role === 'client' ? new MaskSource(nodePorts.fillRandom) : undefined,
    maxMessageBytes: settings.maxMessageBytes ?? 16 * 1024 * 1024,
    maxFragments: 131_072,
    budget: settings.budget,
    deflate,
  });
  return { endpoint, sink, heard, deflate };
}

/** Gives bytes to an endpoint, cut at `cuts`. */
export function receive(side: Side, bytes: Buffer, cuts: readonly number[] = []): void {
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const chunk = Buffer.from(bytes.subarray(from, to));
    let at = side.endpoint.receive(chunk, 0, chunk.length);
    while (side.endpoint.mustWait) {
      side.endpoint.goOn();
      at = side.endpoint.receive(chunk, at, chunk.length);
    }
    from = to;
  }
}

/** Bytes that cannot be compressed, always the same. */
export function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update('noise').digest();
}
