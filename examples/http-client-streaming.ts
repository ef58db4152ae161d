// Bodies that are never in memory as a whole.
//   node examples/build/http-client-streaming.js [url of a server that echoes] [file]
import { createReadStream } from 'node:fs';
import { HttpClient, HttpErrorCode } from 'ixwebsocket';

const url = process.argv[2] ?? 'http://127.0.0.1:8080/';
const file = process.argv[3] ?? 'package.json';
const httpClient = new HttpClient();

// The response is read as it comes, and no faster than the loop takes it.
const stream = await httpClient.stream(url);
if (stream.errorCode !== HttpErrorCode.Ok) throw new Error(stream.errorMsg);
let received = 0;
for await (const chunk of stream) received += chunk.length;
console.log(stream.statusCode, `${received} bytes`);

// A file, a stream, or anything that can be looped over, is sent as the server takes it.
const put = await httpClient.put(url, undefined, { body: { path: file } });
console.log(put.statusCode);

const streamed = await httpClient.post(url, createReadStream(file));
console.log(streamed.statusCode);

async function* lines(): AsyncGenerator<string> {
  for (let i = 1; i <= 3; i++) yield `line ${i}\n`;
}
const generated = await httpClient.post(url, lines());
console.log(generated.text());

// Files of a form are read while it is sent.
const form = await httpClient.post(url, { title: 'a' }, { upload: { path: file } }, undefined);
console.log(form.statusCode);

// The file is there when it is whole. With resume, a download that broke off goes on where it ended.
const download = await httpClient.download(url, `${file}.copy`, { resume: true });
console.log(download.errorCode, download.statusCode);
