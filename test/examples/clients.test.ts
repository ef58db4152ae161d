import { describe, test } from 'vitest';
import { clientExamples } from './client-examples.ts';
import { Program } from './program.ts';
import { seedClientExamples } from './seed-examples.ts';

describe('the examples of clients do what their pages say', () => {
  test.each(Object.entries({ ...clientExamples, ...seedClientExamples }))('%s', async (name, run) => {
    await run((...args) => new Program(name, args));
  });
});
