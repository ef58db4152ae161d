// The chapter "HTTP client API", the asynchronous API.
//   node examples/build/seed/http-client-async.js [url]
import { HttpClient } from 'ixwebsocket';

const url = process.argv[2] ?? 'https://www.example.com';

const async = true;
const httpClient = new HttpClient(async);
const args = httpClient.createRequest(url, HttpClient.kGet);

// If you define a chunk callback it will be called repeatedly with the
// incoming data. This allows to process data on the go or write it to disk
// instead of accumulating the data in memory.
let received = 0;
args.onChunkCallback = (data) => {
  received += data.length;
};

// Push the request to a queue,
const ok = httpClient.performRequest(args, (response) => {
  console.log(response.statusCode, `${received} bytes`);
  // response.body is empty if onChunkCallback was used
  console.log(`${response.body.length} bytes in the body`);
});

// ok will be false if your httpClient is not async
console.log(ok);

// A request in progress can be cancelled by setting the cancel flag. It does nothing if the request already completed.
const another = httpClient.createRequest(url);
httpClient.performRequest(another, (response) => {
  console.log(response.errorCode);
});
another.cancel = true;
