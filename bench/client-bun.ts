import { meterArguments } from './meter.ts';

interface MessageSource {
  onmessage: ((event: { readonly data: string }) => void) | null;
}
type WebSocketConstructor = new (url: string) => MessageSource;

const { url, meter } = meterArguments();
const { WebSocket } = globalThis as unknown as { readonly WebSocket: WebSocketConstructor };
const webSocket = new WebSocket(url);
webSocket.onmessage = (event) => meter(event.data.length);
