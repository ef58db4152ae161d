// The chapter "Heartbeat": a ping whenever there was no traffic for a while.
//   node examples/build/seed/heartbeat.js [url] [seconds]
import { WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });

const pingIntervalSecs = Number(process.argv[3] ?? 45);
webSocket.setPingInterval(pingIntervalSecs);

webSocket.on('pong', (msg) => {
  console.log(msg.data);
  void webSocket.stop();
});
webSocket.start();
