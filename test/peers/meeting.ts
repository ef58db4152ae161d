import type { WebSocketErrorInfo, WebSocketOptions } from '../../src/index.ts';
import { listenRaw, type RawServer } from '../support/raw-server.ts';
import { createClient } from '../support/running.ts';

/** How a scripted server ends what it says: it leaves the connection open, ends its side, or resets it. */
export type Ending = 'stays' | 'ends' | 'resets';

/** A server that reads a request, says `answer` to it, and ends so. */
export function answerAndEnd(answer: (request: string) => string | Uint8Array, ending: Ending): Promise<RawServer> {
  return listenRaw(async (peer) => {
    const bytes = answer(await peer.head());
    if (bytes.length > 0) peer.write(bytes);
    if (ending === 'ends') peer.socket.end();
    if (ending === 'resets') peer.socket.resetAndDestroy();
  });
}

/** The failure of one attempt to connect. */
export async function failureOf(options: WebSocketOptions): Promise<WebSocketErrorInfo> {
  const { client } = createClient(options);
  const result = await client.connect();
  if (result.success) throw new Error('it connected');
  return result.errorInfo;
}
