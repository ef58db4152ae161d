import { measureRequests } from './requests.ts';

await measureRequests(() => async ({ url, body }) => {
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body: new Uint8Array(body) });
  return (await response.text()).length;
});
