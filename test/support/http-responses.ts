/** A response as a test reads it from the wire. */
export interface WireResponse {
  readonly status: number;
  /** The head with its line ends, up to the empty line. */
  readonly head: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';

/**
 * The complete responses at the beginning of `bytes`, and how many bytes are left. `methods` are those of the requests,
 * GET where there is none.
 */
export function readResponses(
  bytes: Buffer,
  methods: readonly string[] = [],
): { responses: WireResponse[]; left: number } {
  const responses: WireResponse[] = [];
  let at = 0;
  let answered = 0;
  for (;;) {
    const headEnd = bytes.indexOf(HEAD_END, at);
    if (headEnd < 0) break;
    const head = bytes.toString('latin1', at, headEnd + 2);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error(`not a response: ${JSON.stringify(head.slice(0, 100))}`);
    const headers = headersOf(head);
    const isInterim = status < 200;
    const method = isInterim ? 'GET' : (methods[answered] ?? 'GET');
    const body = readBody(bytes, headEnd + HEAD_END.length, headers, isInterim || isBodiless(status, method));
    if (body === undefined) break;
    responses.push({ status, head, headers, body: body.bytes });
    at = body.end;
    if (!isInterim) answered++;
  }
  return { responses, left: bytes.length - at };
}

function isBodiless(status: number, method: string): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

function headersOf(head: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n').slice(1)) {
    if (line === '') continue;
    const colon = line.indexOf(': ');
    if (colon <= 0 || /[\r\n\0]/.test(line)) throw new Error(`not a header: ${JSON.stringify(line)}`);
    const name = line.slice(0, colon).toLowerCase();
    if (headers.has(name) && name !== 'set-cookie') throw new Error(`${name} is there twice`);
    headers.set(name, line.slice(colon + 2));
  }
  return headers;
}

function readBody(
  bytes: Buffer,
  start: number,
  headers: ReadonlyMap<string, string>,
  isEmpty: boolean,
): { bytes: Buffer; end: number } | undefined {
  if (isEmpty) return { bytes: Buffer.alloc(0), end: start };
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes, start);
  const length = headers.get('content-length');
  // Without either it ends with the connection: all that is there.
  const end = length === undefined ? bytes.length : start + Number(length);
  return end > bytes.length ? undefined : { bytes: bytes.subarray(start, end), end };
}

function readChunks(bytes: Buffer, start: number): { bytes: Buffer; end: number } | undefined {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const line = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9a-f]+$/.test(line)) throw new Error(`not a chunk size: ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    const dataEnd = lineEnd + 2 + size;
    if (dataEnd + 2 > bytes.length) return undefined;
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') throw new Error('a chunk does not end');
    if (size === 0) return { bytes: Buffer.concat(chunks), end: dataEnd + 2 };
    chunks.push(bytes.subarray(lineEnd + 2, dataEnd));
    at = dataEnd + 2;
  }
}
