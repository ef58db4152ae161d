// A client of the chat server: each line that is typed is said in the room. The end of the input, or Ctrl-C, leaves.
//   node examples/build/chat/client.js NAME ROOM [url]
import { createInterface } from 'node:readline';
import { WebSocket } from 'ixwebsocket';
import type { Notice, Request } from './protocol.ts';

const [name = 'somebody', room = 'lobby', url = 'ws://127.0.0.1:8008/'] = process.argv.slice(2);
const ask = (request: Request): void => void webSocket.send(JSON.stringify(request));

/** What others wrote may try to drive the terminal. */
const plain = (text: string): string => text.replace(/\p{C}/gu, '\ufffd');

function show(notice: Notice): void {
  if (notice.what === 'said') console.log(`${plain(notice.name)}: ${plain(notice.text)}`);
  else if (notice.what === 'refused') console.log(`refused: ${plain(notice.reason)}`);
  else console.log(`${plain(notice.name)} has ${notice.what}`);
}

// It connects again by itself, and has to join again then.
const webSocket = new WebSocket({ url, pingIntervalSecs: 25, reconnectJitter: 1 });
webSocket.setOnMessageCallback((msg) => {
  if (msg.type === 'open') ask({ do: 'join', room, name });
  if (msg.type === 'message' && !msg.binary) show(JSON.parse(msg.data) as Notice);
  if (msg.type === 'error') console.log(msg.errorInfo.reason);
});
webSocket.start();

const input = createInterface({ input: process.stdin });
input.on('line', (text) => ask({ do: 'say', text }));
input.on('close', () => void webSocket.stop());
process.once('SIGINT', () => input.close());
