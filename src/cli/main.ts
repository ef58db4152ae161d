#!/usr/bin/env node
import { processEnvironment } from './process-environment.ts';
import { run } from './program.ts';

// The exit code is set and the end awaited: ending at once could lose output that is still on its way.
process.exitCode = await run(process.argv.slice(2), processEnvironment());
