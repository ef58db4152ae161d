import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { type PtyProcess, wsInPty } from '../support/pty.ts';
import { rendered } from '../support/rendered.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

let process: PtyProcess | undefined;

afterEach(async () => {
  process?.kill();
  await stopAll();
});

describe('ws receive in a pseudo-terminal', () => {
  it('shows one whole line for each file of a folder, and no rest of the bar', async () => {
    const columns = 130;
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const names = Array.from({ length: 60 }, (_, index) => `file-${String(index).padStart(2, '0')}`);
    for (const name of names) from.write(`folder/${name}`, randomBytes(100_000));
    process = wsInPty(['receive', '--to', to.path, relay.url], {}, { columns });
    await process.sees(/Waiting for message/);
    const sender = startCli(['send', '-q', relay.url, from.at('folder')]);
    expect(await sender.done).toBe(ExitCode.Done);
    expect(await process.done).toBe(ExitCode.Done);
    const shown = rendered(process.output(), columns).join('');
    const received = shown.match(/\] ws_receive: Received \S+\/folder\/file-\d\d, 100000 bytes, SHA-256 [0-9a-f]{64}/g);
    expect(received?.map((line) => /file-\d\d/.exec(line)?.[0])).toEqual(names);
    expect(shown).not.toMatch(/#|\.{5}|% of/);
    // Neither the cursor is saved, nor wrapping switched off.
    expect(process.output()).not.toMatch(/\u001b(?!\[K)/);
    expect(process.output()).toMatch(/folder \[[#.]+\] \d+% of 6\.0 MB/);
  });
});
