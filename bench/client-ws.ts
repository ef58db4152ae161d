import { WebSocket } from 'ws';

import { meterArguments } from './meter.ts';

const { url, meter } = meterArguments();
const webSocket = new WebSocket(url, { perMessageDeflate: false });
// Text as a string, as the other clients deliver it.
webSocket.on('message', (data: Buffer, isBinary) => meter(isBinary ? data.length : data.toString().length));
