// A server that asks who its clients are before it lets them in. Ctrl-C stops it.
//   node examples/build/upgrade-hook.js [port]
import { WebSocketServer } from 'ixwebsocket';

const users = new Map([['secret-of-ann', { name: 'ann', isAdmin: true }]]);

async function findUser(token: string | null): Promise<{ name: string; isAdmin: boolean } | undefined> {
  return token === null ? undefined : users.get(token);
}

const server = new WebSocketServer({
  port: Number(process.argv[2] ?? 8008),
  path: '/chat',
  onUpgrade: async (request) => {
    const user = await findUser(request.query.get('token'));
    if (user === undefined) return { status: 401, reason: 'Who are you?' };
    return { data: user, headers: { 'X-Welcome': user.name } };
  },
});
server.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
  if (msg.type === 'open') webSocket.send(`hello ${webSocket.data.name}`);
});

const res = await server.listenAndStart();
if (!res.ok) throw res.error;
console.log(`Listening on ws://127.0.0.1:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();
