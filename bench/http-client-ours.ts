import { HttpClient } from '../src/index.ts';

import { measureRequests } from './requests.ts';

await measureRequests(() => {
  const client = new HttpClient();
  return async ({ url, body }) => {
    const out = body === undefined ? await client.get(url) : await client.post(url, body);
    if (out.errorCode !== 'Ok') throw new Error(out.errorMsg);
    return out.text().length;
  };
});
