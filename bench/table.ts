import { medianOf, peersOf, type RowResult, ratioTo, type SubjectResult, verdicts, wasDisturbed } from './results.ts';

const headings = ['workload', 'whose', 'CPU or memory each', 'a second', 'busy', 'ours better by', 'target', 'met'];

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function costText(result: SubjectResult): string {
  if (result.failure !== undefined) return 'failed';
  const cpuMicros = medianOf(result.samples, 'cpuMicros');
  if (cpuMicros !== undefined)
    return cpuMicros < 1 ? `${(cpuMicros * 1000).toFixed(0)} ns` : `${significant(cpuMicros)} µs`;
  const bytes = medianOf(result.samples, 'memoryBytes');
  return bytes === undefined ? '' : `${(bytes / 1024).toFixed(2)} KiB`;
}

function perSecondText(result: SubjectResult): string {
  const value = medianOf(result.samples, 'perSecond');
  if (value === undefined) return '';
  const mark = wasDisturbed(result) ? ' ?' : '';
  if (value >= 1e6) return `${significant(value / 1e6)} M${mark}`;
  return `${value >= 1e4 ? `${significant(value / 1000)} k` : value.toFixed(0)}${mark}`;
}

/** The share of the time the measured process ran, and after the stroke the load generator. */
function busyText(result: SubjectResult): string {
  const shares = [medianOf(result.samples, 'busy'), medianOf(result.samples, 'loadBusy')];
  return shares.flatMap((share) => (share === undefined ? [] : `${(share * 100).toFixed(0)} %`)).join(' / ');
}

function ratioText(result: RowResult, peer: SubjectResult): string {
  const parts = (['cpu', 'memory', 'throughput'] as const).flatMap((measure) => {
    const ratio = ratioTo(result, peer, measure);
    return ratio === undefined ? [] : `${measure} ${ratio.toFixed(2)}`;
  });
  return parts.join(', ');
}

function linesOf(result: RowResult): string[][] {
  const [our] = result.subjects;
  const lines =
    our === undefined
      ? []
      : [[result.row.name, our.name, costText(our), perSecondText(our), busyText(our), '', '', '']];
  for (const peer of peersOf(result)) {
    const own = verdicts(result).filter(({ target }) => target.against === peer.name);
    lines.push([
      '',
      peer.name,
      costText(peer),
      perSecondText(peer),
      busyText(peer),
      ratioText(result, peer),
      own.map(({ target }) => `${target.measure} ${target.atLeast}`).join(', '),
      own.map(({ isMet }) => (isMet === undefined ? '?' : isMet ? 'yes' : 'NO')).join(', '),
    ]);
  }
  return lines;
}

/** A Markdown table, aligned so that it can be read as plain text too. */
export function formatTable(results: readonly RowResult[]): string {
  const lines = [headings, ...results.flatMap(linesOf)];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`);
  text.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return text.join('\n');
}

export function formatFailures(results: readonly RowResult[]): string {
  const failures = results.flatMap(({ row, subjects }) =>
    subjects.flatMap(({ name, failure }) => (failure === undefined ? [] : `${row.name}, ${name}: ${failure}`)),
  );
  return failures.join('\n');
}
