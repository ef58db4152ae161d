import type { Command } from '../line/command.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { Log } from '../terminal/log.ts';
import { writeLine } from '../terminal/output.ts';
import { compress, compressForNothing, decompress, decompressedName, type Passed, type Target } from './compression.ts';
import type { GunzipValues, GzipValues } from './table.ts';

interface CompressionPlan {
  readonly file: string;
  readonly target: Target;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

export interface GzipPlan extends CompressionPlan {
  readonly runCount: number;
  readonly level: number;
}

export const gzip: Command<GzipValues, GzipPlan> = {
  plan: (values) => ({
    ...planCompression('gzip', values, `${values.file}.gz`),
    runCount: values.runCount,
    level: values.level,
  }),

  async execute(plan, environment) {
    const { file, target, runCount, level } = plan;
    const log = new Log(environment, plan.isQuiet, plan.isJson);
    const durationsUs: number[] = [];
    log.info(`compressing ${runCount} times`);
    for (let run = 1; run < runCount; run++) {
      const startMs = environment.elapsedMs();
      await compressForNothing(file, level);
      durationsUs.push(Math.round((environment.elapsedMs() - startMs) * 1000));
    }
    const startMs = environment.elapsedMs();
    const { input, output } = await compress(file, target, level, environment);
    const lastUs = Math.round((environment.elapsedMs() - startMs) * 1000);
    durationsUs.push(lastUs);
    describe(log, 'gzip input', file, input);
    if (!plan.isQuiet && !plan.isJson) writeLine(environment.stderr, `compressing file completed in ${lastUs} us`);
    const medianUs = medianOf(durationsUs);
    log.event('median', `median runtime to compress file: ${medianUs}`, { microseconds: medianUs, runs: runCount });
    describe(log, 'gzip output', target.path ?? '-', output);
    return ExitCode.Done;
  },
};

export const gunzip: Command<GunzipValues, CompressionPlan> = {
  plan(values) {
    const name = decompressedName(values.file);
    if (name === undefined && values.output === undefined && !values.toStdout) {
      throw new WrongUsage('gunzip', `${values.file} does not end in .gz`, 'Say where to write with --output.');
    }
    return planCompression('gunzip', values, name ?? '');
  },

  async execute(plan, environment) {
    const { file, target } = plan;
    const log = new Log(environment, plan.isQuiet, plan.isJson);
    log.info(`filename to gunzip: ${file}`);
    const { input, output } = await decompress(file, target, environment);
    describe(log, 'gunzip input', file, input);
    describe(log, 'gunzip output', target.path ?? '-', output);
    return ExitCode.Done;
  },
};

function planCompression(command: string, values: GunzipValues, defaultPath: string): CompressionPlan {
  const { file, output, toStdout, mayReplace } = values;
  if (toStdout && output !== undefined) throw new WrongUsage(command, 'give either --stdout or --output');
  return {
    file,
    target: { path: toStdout ? undefined : (output ?? defaultPath), mayReplace },
    // Stdout must get nothing but the file.
    isQuiet: values.isQuiet || toStdout,
    isJson: values.isJson,
  };
}

function describe(log: Log, what: string, file: string, { size, cksum }: Passed): void {
  log.event(what.replace(' ', '-'), `${what}: ${file} size ${size} cksum ${cksum}`, { file, size, cksum });
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
