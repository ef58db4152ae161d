import { writeFile } from 'node:fs/promises';

import { describeMachine } from './machine.ts';
import { measure } from './measure.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { medianOf, type RowResult, verdicts, wasDisturbed } from './results.ts';
import { type Row, rows } from './rows.ts';
import { isDisturbed, type Sample } from './sample.ts';
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

const attempts = 2;

/** A sample that other programs disturbed is taken again; when they go on, the second has to do. */
async function measureCalmly(row: Row, subject: Subject, profileDir: string | undefined): Promise<Sample> {
  let sample = await measure(row.workload, subject, profileDir);
  for (let i = 1; i < attempts && isDisturbed(sample); i++) sample = await measure(row.workload, subject, profileDir);
  return sample;
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
        samples.get(subject)?.push(await measureCalmly(row, subject, options.profileDir));
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
  'Marked with ?: neither side was busy, other programs had the processor. Compare CPU times there, not throughput.';

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
  if (results.some(({ subjects }) => subjects.some(wasDisturbed))) console.log(`\n${disturbedNote}`);
  const failures = formatFailures(results);
  if (failures !== '') console.log(`\nfailed:\n${failures}`);
  if (options.jsonPath !== undefined) await writeFile(options.jsonPath, toJson(machine, results));
}

await main();
