// The chapter "HTTP server API": serves the files under the working directory. Ctrl-C stops it.
//   node examples/build/seed/http-server.js [port]
import { HttpServer } from 'ixwebsocket';

const port = Number(process.argv[2] ?? 8080);
const host = '127.0.0.1'; // '0.0.0.0' for other machines to come in
const server = new HttpServer({ port, host });

const res = await server.listen();
if (!res.ok) {
  console.error(res.error.message);
  process.exit(1);
}

server.start();
console.log(`Listening on http://${host}:${server.getPort()}/`);
process.once('SIGINT', () => void server.stop());
await server.wait();
