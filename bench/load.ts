// The load generator, started in a process of its own: it does one job and is then stopped.

import { runAnswer } from './load/answer.ts';
import { runBroadcast } from './load/broadcast.ts';
import { runConnect } from './load/connect.ts';
import { runEcho } from './load/echo.ts';
import { runHttp } from './load/http.ts';
import { runIdle } from './load/idle.ts';
import { runDrain, runStream } from './load/stream.ts';
import type { Command, LoadJob } from './messages.ts';
import './probe.ts';

async function run(job: LoadJob): Promise<void> {
  switch (job.kind) {
    case 'echo':
      return runEcho(job);
    case 'broadcast':
      return runBroadcast(job);
    case 'http':
      return runHttp(job);
    case 'connect':
      return runConnect(job);
    case 'idle':
      return runIdle(job);
    case 'stream':
      return runStream(job);
    case 'answer':
      return runAnswer(job);
    case 'drain':
      runDrain(job);
      return;
  }
}

process.channel?.ref();
process.on('message', (command: Command) => {
  if (command.kind === 'load') void run(command.job);
});
