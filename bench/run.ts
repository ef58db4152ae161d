import { writeFile } from 'node:fs/promises';

import { describeMachine } from './machine.ts';
import { measure } from './measure.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { medianOf, type RowResult, verdicts } from './results.ts';
import { type Row, rows } from './rows.ts';
import type { Sample } from './sample.ts';
import type { Subject } from './subjects.ts';
import { formatFailures, formatTable } from './table.ts';

function isWanted(row: Row, only: readonly string[]): boolean {
  if (only.length === 0) return true;
  return only.some((part) => row.group === part || row.name.toLowerCase().includes(part));
}

function wantedSubjects(row: Row, peers: readonly string[] | undefined): readonly Subject[] {
  const [our, ...others] = row.subjects;
  return [our, ...others.filter(({ name }) => peers === undefined || peers.includes(name.toLowerCase()))];
}

/** Each round begins with another subject, so that none always follows the same neighbour. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

async function runRow(row: Row, options: BenchOptions): Promise<RowResult> {
  const subjects = wantedSubjects(row, options.peers);
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  const failures = new Map<Subject, string>();
  for (let round = 0; round < options.rounds; round++) {
    for (const subject of rotated(subjects, round)) {
      if (failures.has(subject)) continue;
      process.stderr.write(`${row.name}: round ${round + 1} of ${options.rounds}, ${subject.name}\n`);
      try {
        samples.get(subject)?.push(await measure(row.workload, subject, options.profileDir));
      } catch (error) {
        failures.set(subject, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const results = subjects.map((subject) => ({
    name: subject.name,
    samples: samples.get(subject) ?? [],
    failure: failures.get(subject),
  }));
  return { row, subjects: results };
}

function toJson(machine: string, results: readonly RowResult[]): string {
  const entries = results.map((result) => ({
    ...result.row,
    subjects: result.subjects.map((subject) => ({
      ...subject,
      medianCpuMicros: medianOf(subject.samples, 'cpuMicros'),
      medianPerSecond: medianOf(subject.samples, 'perSecond'),
      medianMemoryBytes: medianOf(subject.samples, 'memoryBytes'),
    })),
    verdicts: verdicts(result),
  }));
  return `${JSON.stringify({ machine: machine.split('\n'), rows: entries }, undefined, 2)}\n`;
}

const disturbedNote =
  'In some rows neither side was busy: other programs had the processor. Compare CPU times there, not throughput.';

/** A run of a loaded server with time to spare on both cores waited for something that is not part of the benchmark. */
function wasDisturbed(results: readonly RowResult[]): boolean {
  return results.some(({ subjects }) =>
    subjects.some(({ samples }) => {
      const busy = medianOf(samples, 'busy') ?? 1;
      const loadBusy = medianOf(samples, 'loadBusy');
      return loadBusy !== undefined && Math.max(busy, loadBusy) < 0.8;
    }),
  );
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(usage);
    return;
  }
  const machine = describeMachine();
  const results: RowResult[] = [];
  for (const row of rows) {
    if (isWanted(row, options.only)) results.push(await runRow(row, options));
  }
  console.log(`${machine}\nmedian of ${options.rounds} rounds\n\n${formatTable(results)}`);
  if (wasDisturbed(results)) console.log(`\n${disturbedNote}`);
  const failures = formatFailures(results);
  if (failures !== '') console.log(`\nfailed:\n${failures}`);
  if (options.jsonPath !== undefined) await writeFile(options.jsonPath, toJson(machine, results));
}

await main();
