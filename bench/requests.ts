import { createMeter } from './meter.ts';

export interface RequestWork {
  readonly url: string;
  /** What is sent; `undefined` for a GET. */
  readonly body: Buffer | undefined;
  readonly connections: number;
}

/** Makes one request, and tells the length of the body that came. */
export type Requester = (work: RequestWork) => Promise<number>;

/** Makes requests, as many at a time as there are connections, and reports what the measured ones took. */
export async function measureRequests(make: (work: RequestWork) => Requester): Promise<void> {
  const [port, sent, connections, warmCount, count] = process.argv.slice(2).map(Number);
  if (port === undefined || sent === undefined || connections === undefined) throw new Error('missing arguments');
  if (warmCount === undefined || count === undefined) throw new Error('missing arguments');
  const body = sent === 0 ? undefined : Buffer.alloc(sent, 'x');
  const work = { url: `http://127.0.0.1:${port}/`, body, connections };
  const request = make(work);
  const meter = createMeter(warmCount, count);
  let left = warmCount + count;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) meter(await request(work));
    }),
  );
}
