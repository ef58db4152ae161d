import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { type Fault, startFaultyRelay } from './faulty-relay.ts';
import { createHttpClient, startJudge } from './http-server.ts';
import { chance } from './survive-faults.ts';

const faults: readonly Fault[] = ['cut', 'reset', 'stall', 'delay', 'garbage', 'halfClose', 'refuse', 'none'];

/** The body that belongs to a number: each is like no other. */
const bodyOf = (index: number): Buffer => Buffer.from(`${index}:`.repeat(1 + ((index * 7919) % 4000)));

/**
 * Makes requests until `count` connections have met a fault. Each has to end, with the body that belongs to it or with
 * an error, and nothing may be left.
 */
export async function surviveHttpFaults(count: number, seed: number): Promise<Record<string, number>> {
  const random = chance(seed);
  const judge = await startJudge(
    (request, answer, sent) => {
      const index = Number(request.url?.slice(1));
      const body = bodyOf(index);
      const expected = request.method === 'POST' ? body : Buffer.alloc(0);
      if (!sent.equals(expected)) answer.statusCode = 500;
      // Connections whose fault is over make room for others.
      if (index % 10 === 0) answer.setHeader('Connection', 'close');
      if (index % 3 === 0) answer.setHeader('Content-Length', body.length);
      if (index % 3 === 2) answer.setHeader('Content-Encoding', 'gzip');
      answer.end(index % 3 === 2 ? gzipSync(body) : body);
    },
    { keepsRequests: false },
  );
  let connections = 0;
  const relay = await startFaultyRelay(judge.port, () => {
    connections++;
    return { fault: faults[random(faults.length)] ?? 'none', afterBytes: 1 + random(20_000) };
  });
  const url = relay.url.replace('ws:', 'http:');
  const client = createHttpClient({ keepAliveSecs: 0.3 });
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (connections < count) {
      const index = next++;
      const options = { idleTimeout: 0.2, transferTimeout: 2, retries: index % 4 === 0 ? 2 : 0 };
      const out =
        index % 5 === 4
          ? await client.post(`${url}${index}`, bodyOf(index), options)
          : await client.get(`${url}${index}`, options);
      outcomes[out.errorCode] = (outcomes[out.errorCode] ?? 0) + 1;
      const isRight = out.statusCode === 200 && out.body.equals(bodyOf(index));
      // Garbage in place of the last bytes of a body is beyond what HTTP could notice.
      const isSpoiled = out.body.includes(0xff);
      if (out.errorCode === 'Ok' && !isRight && !isSpoiled)
        wrong.push(`${index}: ${out.statusCode}, ${out.body.length} bytes`);
      if (out.errorCode !== 'Ok' && (out.errorMsg === '' || out.body.length > 0))
        wrong.push(`${index}: ${out.errorCode}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  expect(wrong).toEqual([]);
  expect(relay.open.most).toBeLessThanOrEqual(8 + 8);
  await client.stop();
  await eventually('all connections to be gone', () => relay.open.now === 0);
  return outcomes;
}
