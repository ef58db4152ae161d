import { Child, type ChildOptions } from './child.ts';
import type { LoadJob } from './messages.ts';
import type { Subject } from './subjects.ts';

export function childOptions(subject: Subject, script: string, profileDir: string | undefined): ChildOptions {
  const profile = profileDir === undefined || subject.suffix !== 'ours' ? [] : profileFlags(profileDir);
  return {
    runtime: subject.runtime,
    script,
    env: subject.env,
    flags: subject.runtime === 'node' ? ['--expose-gc', ...profile] : [],
    core: 0,
  };
}

function profileFlags(dir: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${dir}`, '--cpu-prof-interval=200'];
}

export function startLoad(job: LoadJob): Child {
  const load = new Child({ runtime: 'node', script: 'load.js', core: 1 });
  load.tell({ kind: 'load', job });
  return load;
}
