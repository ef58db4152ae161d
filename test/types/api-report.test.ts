import { expect, test } from 'vitest';
import { readPublicTypes, renderReport } from './api-report.ts';

const types = readPublicTypes(new URL('../../dist/', import.meta.url));

test('the public types are those of etc/ixwebsocket.api.md; npm run api writes it anew', async () => {
  await expect(renderReport(types)).toMatchFileSnapshot('../../etc/ixwebsocket.api.md');
});

test('no public type has an internal member', () => {
  expect(types.filter(({ source }) => source.includes('@internal')).map(({ name }) => name)).toEqual([]);
});

test('no public class has a protected member but ConnectionState, which users extend', () => {
  const withProtected = types.filter(({ text }) => /^\s*protected /m.test(text)).map(({ name }) => name);
  expect(withProtected).toEqual(['ConnectionState']);
});

test('public types mention without exporting them plain shapes only, no class and nothing with private members', () => {
  const hidden = types.filter(({ isExported }) => !isExported);
  expect(hidden.filter(({ text }) => !/^(interface|type) /.test(text)).map(({ name }) => name)).toEqual([]);
});
