import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

import { bunPath, canPin } from './child.ts';

const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  try {
    const { version } = require(`${name}/package.json`) as { version: string };
    return `${name} ${version}`;
  } catch {
    return `no ${name}`;
  }
}

function bunVersion(): string {
  const { status, stdout } = spawnSync(bunPath, ['--version'], { encoding: 'utf8' });
  return status === 0 ? `Bun ${stdout.trim()}` : 'no Bun';
}

/** The lines above the table: without them its figures say nothing. */
export function describeMachine(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const cores = canPin ? 'measured process on core 0, load generator on core 1' : 'processes not pinned to cores';
  return [
    `${model}, ${availableParallelism()} cores, ${memory}, ${platform()} ${release()} ${arch()}`,
    `Node ${process.versions.node}, ${bunVersion()}, ${versionOf('ws')}, ${versionOf('bufferutil')}`,
    `${cores}; load average at the start ${loadavg()[0]?.toFixed(2)}`,
  ].join('\n');
}
