import { Agent, request } from 'node:http';

import { measureRequests } from './requests.ts';

await measureRequests(({ connections }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return ({ url, body }) =>
    new Promise((resolve, reject) => {
      const made = request(url, { agent, method: body === undefined ? 'GET' : 'POST' }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString().length));
        response.on('error', reject);
      });
      made.on('error', reject);
      if (body !== undefined) made.setHeader('Content-Length', body.length);
      made.end(body);
    });
});
