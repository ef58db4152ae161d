// The chapter "HTTP client API", what is called the synchronous API there.
//   node examples/build/seed/http-client.js [url]
import { HttpClient, HttpErrorCode } from 'ixwebsocket';

//
// Preparation
//
const httpClient = new HttpClient();
const args = httpClient.createRequest();

// Custom headers can be set
args.extraHeaders = { Foo: 'bar' };

// Timeout options
args.connectTimeout = 60;
args.transferTimeout = 1800;

// Redirect options
args.followRedirects = true;
args.maxRedirects = 5;

// Misc
args.compress = true; // Ask for compressed responses
args.verbose = process.argv[3] === '--verbose';
args.logger = (msg) => console.log(msg);

//
// Request
//
const url = process.argv[2] ?? 'https://www.example.com';

// HEAD request
let out = await httpClient.head(url, args);
console.log('head', out.statusCode);

// GET request
out = await httpClient.get(url, args);
console.log('get', out.statusCode);

// POST request with parameters
const httpParameters = { foo: 'bar', baz: 'booz' };
out = await httpClient.post(url, httpParameters, args);
console.log('post', out.statusCode);

// HTTP form data can be passed in as well, for multi-part upload of files
const httpFormDataParameters = { file: 'contents', another: { path: 'package.json' } };
out = await httpClient.post(url, httpParameters, httpFormDataParameters, args);
console.log('form', out.statusCode);

// POST request with a body
out = await httpClient.post(url, 'foo=bar', args);
console.log('body', out.statusCode);

// PUT and PATCH are available too.
out = await httpClient.put(url, 'foo=bar', args);

//
// Result
//
const { statusCode } = out; // 200, 404, etc...
const { errorCode } = out; // HttpErrorCode.Ok, HttpErrorCode.UrlMalformed, etc...
const responseHeaders = out.headers; // All the headers, whose names ignore case
const { body } = out; // All the bytes from the response, a Buffer; out.text() as a string
const { errorMsg } = out; // Descriptive error message in case of failure
const { uploadSize } = out; // Byte count of uploaded data
const { downloadSize } = out; // Byte count of downloaded data

if (errorCode === HttpErrorCode.Ok) {
  console.log(statusCode, responseHeaders.get('content-type'), body.toString());
  console.log(uploadSize > 0, downloadSize);
} else console.error(errorMsg);
