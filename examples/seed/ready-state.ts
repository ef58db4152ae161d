// The chapter "ReadyState": shows all four states.
//   node examples/build/seed/ready-state.js [url]
import { ReadyState, WebSocket } from 'ixwebsocket';

const webSocket = new WebSocket({ url: process.argv[2] ?? 'ws://127.0.0.1:8008' });
const show = (): void => console.log(WebSocket.readyStateToString(webSocket.getReadyState()));

show();
webSocket.on('open', () => {
  show();
  const stopped = webSocket.stop();
  if (webSocket.getReadyState() === ReadyState.Closing) show();
  void stopped.then(show);
});
webSocket.start();
show();
