// The chapter "Sending messages", but for the progress callback.
//   node examples/build/seed/sending.js [url]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

const early = webSocket.send('nobody is there yet');
if (!early.success) console.log(`not sent: ${early.code}`);

const connected = await webSocket.connect();
if (!connected.success) throw connected.errorInfo.cause;

const result = webSocket.send('foo');
console.log(`sent: ${result.success}, ${result.payloadSize} bytes of payload`);
if (result.compressionError) console.log('the message could not be compressed');

// Bytes may come as any typed array, view or buffer.
const data = new Uint8Array([1, 2, 3, 4]);
console.log(`sent: ${webSocket.sendBinary(data).success}`);

// send() and sendText() look whether text is UTF-8; for bytes that are known to be, sendUtf8Text() does not.
const text = new TextEncoder().encode('Hello World!');
console.log(`sent: ${webSocket.sendUtf8Text(text).success}`);

const broken = webSocket.sendText(new Uint8Array([0xff]));
if (!broken.success) console.log(`not sent: ${broken.code}`);

await webSocket.stop();
