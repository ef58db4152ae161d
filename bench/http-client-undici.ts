import { Pool } from 'undici';

import { measureRequests } from './requests.ts';

await measureRequests(({ url, connections }) => {
  const pool = new Pool(new URL(url).origin, { connections });
  return async ({ body: sent }) => {
    const { body } = await pool.request(
      sent === undefined ? { path: '/', method: 'GET' } : { path: '/', method: 'POST', body: sent },
    );
    return (await body.text()).length;
  };
});
