import { describe, test } from 'vitest';
import { httpClientExamples } from './http-client-examples.ts';
import { Program } from './program.ts';

describe('the examples of HTTP clients do what their pages say', () => {
  test.each(Object.entries(httpClientExamples))('%s', async (name, run) => {
    await run((...args) => new Program(name, args));
  });
});
