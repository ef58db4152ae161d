// Requests, and what can go wrong with them.
//   node examples/build/http-client.js [url of a server that echoes]
import { HttpClient, HttpErrorCode, type HttpResponse } from 'ixwebsocket';

const url = process.argv[2] ?? 'http://127.0.0.1:8080/';

const httpClient = new HttpClient();
const out = await httpClient.get(url);
if (out.errorCode === HttpErrorCode.Ok) console.log(out.statusCode, out.headers.get('content-type'), out.text());
else console.error(out.errorMsg);

// Plain options do as well as createRequest().
const token = 'secret';
await httpClient.get(url, { extraHeaders: { Authorization: `Bearer ${token}` }, transferTimeout: 10 });

async function send(item: object): Promise<HttpResponse<Buffer>> {
  return httpClient.post(url, JSON.stringify(item), {
    extraHeaders: { 'Content-Type': 'application/json' },
  });
}
console.log((await send({ name: 'a' })).json());

// Reads that may be repeated are, when the server is busy for a moment.
const stubborn = await httpClient.get(url, { retries: 3, firstByteTimeout: 5 });
console.log(stubborn.statusCode);

function explain(response: HttpResponse<Buffer>): string {
  switch (response.errorCode) {
    case 'Ok':
      return response.statusCode < 400 ? 'fine' : `the server says ${response.statusCode}`;
    case 'CannotConnect':
    case 'Timeout':
      return 'the server is not there, or too slow';
    case 'Cancelled':
      return 'we have changed our mind';
    default:
      return response.errorMsg;
  }
}
console.log(explain(await httpClient.get(new URL('/missing', url).href)));
console.log(explain(await httpClient.get(url, { signal: AbortSignal.abort() })));

// A connection is kept for a few seconds; this lets go of it at once.
await httpClient.stop();
