import { describe, test } from 'vitest';
import { httpServerExamples } from './http-server-examples.ts';
import { Program } from './program.ts';

describe('the examples of HTTP servers do what their pages say', () => {
  test.each(Object.entries(httpServerExamples))('%s', async (name, run) => {
    await run((...args) => new Program(name, args));
  });
});
