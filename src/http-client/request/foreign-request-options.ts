import { dialLines } from '../../dial/dial-options.ts';
import { tlsTable } from '../../transport/tls/tls-options.ts';
import { type ForeignNames, foreignNames, foreignUnder } from '../../util/option-table.ts';

const ofTls = foreignUnder('tlsOptions', tlsTable);

/** The habits of those who know undici, `fetch`, axios, got, Node's `http.request` or curl, for a request. */
export const foreignRequestNames: ForeignNames = {
  ...Object.fromEntries(Object.keys(ofTls).map((name) => [name, "TLS is an option of the client: 'tlsOptions'"])),
  ...foreignNames({
    extraHeaders: 'headers header httpHeaders',
    verb: 'method customMethod',
    body: 'data payload form formData content',
    transferTimeout: 'timeout timeoutMs maxTime requestTimeout',
    connectTimeout: 'connectionTimeout',
    firstByteTimeout: 'headersTimeout responseTimeout',
    idleTimeout: 'bodyTimeout readTimeout socketTimeout',
    followRedirects: 'redirect followRedirect follow followAllRedirects location',
    maxRedirects: 'maxRedirections maxRedirs',
    maxBodySize: 'maxContentLength maxResponseSize maxFilesize maxBodyLength',
    compress: 'gzip compressed acceptEncoding',
    retries: 'retry maxRetries retryCount',
    maxRetryWait: 'retryDelay retryMaxTime',
    socketPath: 'unix unixSocket',
    onProgressCallback: 'onProgress onDownloadProgress onUploadProgress progress',
    onChunkCallback: 'onData onChunk onBody',
    signal: 'abortSignal cancelToken',
    multipartBoundary: 'boundary',
    verbose: 'debug trace',
    "it belongs into 'body', as JSON.stringify(value), with a Content-Type": 'json',
    "it is a part of the 'url'":
      'host hostname port path pathname query params searchParams qs baseURL baseUrl protocol',
    "the header goes into 'extraHeaders'": 'referer referrer cookie cookies origin accept contentType',
    "credentials go into the url, or into 'extraHeaders' as Authorization":
      'auth user username password credentials token',
    'it is an option of the client: new HttpClient({ … })': `${Object.keys(dialLines).join(' ')} maxConnectionsPerOrigin maxIdleConnections keepAliveSecs`,
    "connections are options of the client: 'proxy', 'tlsOptions' and others":
      'agent dispatcher httpAgent httpsAgent keepAlive',
    'the body of a result is a Buffer, and stream() of the client reads it piece by piece':
      'responseType encoding stream',
  }),
};
