/** Longer names are not typing errors, and comparing them would cost their product. */
const LONGEST_NAME = 64;

/** Endings that say a unit: leaving one out, or writing another, is the commonest slip. */
const UNIT = /(?:secs|seconds|ms|millis|bytes)$/;

/** The name in `known` that was probably meant, if there is one. */
export function findSimilarName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const given = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const wanted = candidate.toLowerCase();
    const distance = Math.min(countEdits(given, wanted), countEditsOfStems(given, wanted));
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

function countEditsOfStems(from: string, to: string): number {
  const stem = to.replace(UNIT, '');
  // An edit is added, so that a name which is right but for nothing stays ahead.
  return stem === to ? Infinity : 1 + countEdits(from.replace(UNIT, ''), stem);
}

/** Insertions, removals, replacements and swaps of neighbours that turn one word into the other. */
function countEdits(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const current = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = cell(previous, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, cell(previous, j) + 1, cell(current, j - 1) + 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) edits = Math.min(edits, cell(beforePrevious, j - 2) + 1);
      current.push(edits);
    }
    beforePrevious = previous;
    previous = current;
  }
  return cell(previous, to.length);
}

function cell(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
