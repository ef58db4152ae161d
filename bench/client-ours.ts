import { WebSocket } from '../src/index.ts';

import { meterArguments } from './meter.ts';

const { url, meter } = meterArguments();
const webSocket = new WebSocket({ url });
webSocket.disableAutomaticReconnection();
webSocket.setOnMessageCallback((msg) => {
  if (msg.type === 'message') meter(msg.data.length);
  else if (msg.type === 'error') throw new Error(msg.errorInfo.reason);
});
webSocket.start();
