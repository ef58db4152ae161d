import type { Measure, Row, Target } from './rows.ts';
import { isDisturbed, type Sample } from './sample.ts';
import { median } from './statistics.ts';

export interface SubjectResult {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly failure?: string | undefined;
}

export interface RowResult {
  readonly row: Row;
  readonly subjects: readonly SubjectResult[];
}

type Figure = keyof Sample;

const figureOf: Readonly<Record<Measure, Figure>> = {
  cpu: 'cpuMicros',
  throughput: 'perSecond',
  memory: 'memoryBytes',
};

export function medianOf(samples: readonly Sample[], figure: Figure): number | undefined {
  const values = samples.flatMap((sample) => sample[figure] ?? []);
  return values.length === 0 ? undefined : median(values);
}

/**
 * How many times better ours was than that peer: the median of the ratios of single rounds, since the two halves of a
 * round share whatever else the machine was doing.
 */
export function ratioTo(result: RowResult, peer: Omit<SubjectResult, 'failure'>, measure: Measure): number | undefined {
  const figure = figureOf[measure];
  const ourSamples = result.subjects[0]?.samples ?? [];
  const ratios = ourSamples.flatMap((sample, round) => {
    const our = sample[figure];
    const their = peer.samples[round]?.[figure];
    if (our === undefined || their === undefined) return [];
    return measure === 'throughput' ? our / their : their / our;
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

/** Recorded results look like a peer whose every round gave the same. */
export function peersOf(result: RowResult): readonly SubjectResult[] {
  const rounds = result.subjects[0]?.samples.length ?? 0;
  const recorded = (result.row.recorded ?? []).map(({ name, perSecond }) => ({
    name,
    samples: Array.from({ length: rounds }, () => ({ perSecond })),
  }));
  return [...result.subjects.slice(1), ...recorded];
}

/** Whether other programs had the processor in most of the rounds. */
export function wasDisturbed({ samples }: SubjectResult): boolean {
  return samples.filter(isDisturbed).length * 2 > samples.length;
}

export interface Verdict {
  readonly target: Target;
  readonly ratio: number | undefined;
  readonly isMet: boolean | undefined;
}

export function verdicts(result: RowResult): readonly Verdict[] {
  return result.row.targets.map((target) => {
    const peer = peersOf(result).find(({ name }) => name === target.against);
    const ratio = peer && ratioTo(result, peer, target.measure);
    return { target, ratio, isMet: ratio === undefined ? undefined : ratio >= target.atLeast };
  });
}
