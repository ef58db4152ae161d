import { describe, test } from 'vitest';
import { Program } from './program.ts';
import { serverExamples } from './server-examples.ts';

describe('the examples of servers do what their pages say', () => {
  test.each(Object.entries(serverExamples))('%s', async (name, run) => {
    await run((...args) => new Program(name, args));
  });
});
