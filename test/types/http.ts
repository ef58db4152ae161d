// The types of both HTTP sides, as programs see them. This file is compiled and never run.
import {
  HttpClient,
  HttpErrorCode,
  type HttpFormDataParameters,
  type HttpParameters,
  type HttpRequestArgs,
  type HttpRequestOptions,
  HttpResponse,
  HttpServer,
  WebSocketHttpHeaders,
} from 'ixwebsocket';
import { fits, same, typeOf } from './prove.ts';

const url = 'https://www.example.com';

typeOf(HttpErrorCode.CannotConnect).is<'CannotConnect'>();
same<
  HttpErrorCode,
  | 'Ok'
  | 'CannotConnect'
  | 'Timeout'
  | 'Gzip'
  | 'UrlMalformed'
  | 'CannotCreateSocket'
  | 'SendError'
  | 'ReadError'
  | 'CannotReadStatusLine'
  | 'MissingStatus'
  | 'HeaderParsingError'
  | 'MissingLocation'
  | 'TooManyRedirects'
  | 'ChunkReadError'
  | 'CannotReadBody'
  | 'Cancelled'
  | 'Invalid'
>();

export async function asks(httpClient: HttpClient): Promise<void> {
  const args = httpClient.createRequest();
  typeOf(args).is<HttpRequestArgs>();
  args.extraHeaders = { Foo: 'bar' };
  args.extraHeaders = new WebSocketHttpHeaders([['Foo', 'bar']]);
  args.connectTimeout = 10;
  args.transferTimeout = 60;
  args.followRedirects = true;
  args.maxRedirects = 5;
  args.compress = true;
  args.compressRequest = false;
  args.verbose = true;
  args.logger = (msg) => typeOf(msg).is<string>();
  args.onProgressCallback = (current, total) => current < total;
  const out = await httpClient.get(url, args);
  typeOf(out).is<HttpResponse<Buffer>>();
  typeOf(out.statusCode).is<number>();
  typeOf(out.description).is<string>();
  typeOf(out.errorCode).is<HttpErrorCode>();
  typeOf(out.headers.get('content-type')).is<string | undefined>();
  typeOf(out.body).is<Buffer>();
  typeOf(out.text()).is<string>();
  typeOf(out.json()).is<unknown>();
  typeOf(out.errorMsg).is<string>();
  typeOf(out.uploadSize).is<number>();
  typeOf(out.downloadSize).is<number>();
}

export async function posts(httpClient: HttpClient, args: HttpRequestArgs): Promise<void> {
  const parameters: HttpParameters = { foo: 'bar' };
  const formData: HttpFormDataParameters = {
    file: 'contents',
    bytes: new Uint8Array(1),
    disk: { path: 'package.json' },
  };
  typeOf(httpClient.head(url)).is<Promise<HttpResponse<Buffer>>>();
  await httpClient.delete(url, args);
  for (const verb of ['post', 'put', 'patch'] as const) {
    await httpClient[verb](url, parameters, formData, args);
    await httpClient[verb](url, { foo: 'bar' }, { file: new Blob(['contents']) }, args);
    await httpClient[verb](url, parameters, args);
    await httpClient[verb](url, 'foo=bar', args);
    await httpClient[verb](url, 'foo=bar');
    await httpClient[verb](url, args);
  }
  await httpClient.request(url, 'OPTIONS');
  await httpClient.request(url, HttpClient.kPost, parameters, formData, args);
  await httpClient.request(url, HttpClient.kPost, 'foo=bar', args);
  const options: Partial<HttpRequestOptions> = {
    connectTimeout: undefined,
    extraHeaders: undefined,
    signal: undefined,
  };
  await httpClient.get(url, options);
  for await (const chunk of await httpClient.stream(url, args)) typeOf(chunk).is<Buffer>();
  // @ts-expect-error a misspelled option
  await httpClient.get(url, { connectTimout: 5 });
}

export function queues(): void {
  const queue = new HttpClient(true);
  const request = queue.createRequest(url, HttpClient.kGet);
  request.onChunkCallback = (chunk) => typeOf(chunk).is<Buffer>();
  const ok = queue.performRequest(request, (response) => typeOf(response).is<HttpResponse<Buffer>>());
  typeOf(ok).is<boolean>();
  request.cancel = true;
  fits<string[]>([HttpClient.kPost, HttpClient.kHead, HttpClient.kPut, HttpClient.kPatch, HttpClient.kDelete]);
  queue.setTLSOptions({ caFile: 'NONE' });
  fits<HttpClient>(new HttpClient({ async: true, concurrency: 4, proxy: undefined, tlsOptions: undefined }));
}

export function answers(): void {
  const server = new HttpServer({ port: 8080, host: '127.0.0.1', timeoutSecs: 30 });
  server.setOnConnectionCallback((request, connectionState) => {
    typeOf(request.method).is<string>();
    typeOf(request.uri).is<string>();
    typeOf(request.headers).is<WebSocketHttpHeaders>();
    typeOf(request.body).is<Buffer>();
    typeOf(request.signal).is<AbortSignal>();
    return new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, `${connectionState.getRemoteIp()} ${request.uri}`);
  });
  server.setOnConnectionCallback(
    async () => new HttpResponse(200, 'OK', HttpErrorCode.Ok, new WebSocketHttpHeaders(), Buffer.alloc(1), ''),
  );
  // @ts-expect-error a text is not a response
  server.setOnConnectionCallback(() => 'OK');
  server.setOnClientMessageCallback((_state, webSocket, msg) => msg.type === 'message' && webSocket.send(msg.data));
  server.setDefaultConnectionCallback();
  server.makeRedirectServer(url);
  server.makeDebugServer();
  server.setTLSOptions({ certFile: 'cert.pem', keyFile: 'key.pem', tls: true });
}
