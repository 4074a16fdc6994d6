/**
 * What a control can be called, and which control a name means. An id is the same control for ever; a number is one of a benchmark, and
 * editions of CIS give one number to different controls, so that a number alone may mean several.
 */

import { BENCHMARKS, type Benchmark, type Control } from './control.ts';

/** What is needed of a control to know it by name. */
export type Named = Pick<Control, 'id' | 'numbers' | 'formerly'>;

const SHORT_TITLES: Readonly<Record<Benchmark, string>> = {
  'cis-1.12': 'CIS 1.12',
  'cis-1.24': 'CIS 1.24',
  stig: 'STIG',
};

/** `CIS 1.12`, where there is no room for the whole title. */
export function shortTitle(benchmark: Benchmark): string {
  return SHORT_TITLES[benchmark];
}

/**
 * The controls that a name can mean: none, one, or several that share a number. A name is an id, a number (`1.2.16`, `V-242402`), a number
 * with its benchmark (`cis-1.12/1.2.16`), or the id that the control had in earlier revisions of the charm (`CIS-1.2.18`).
 */
export function controlsNamed(name: string, everything: readonly Named[]): readonly Named[] {
  const wanted = name.trim().toLowerCase();
  const exact = everything.filter(({ id }) => id.toLowerCase() === wanted);
  if (exact.length > 0) return exact;
  const [, edition, number] = /^(cis[- ]1\.12|cis[- ]1\.24|stig)[/: ]+(\S+)$/.exec(wanted) ?? [];
  const benchmark = BENCHMARKS.find((one) => one === edition?.replace(' ', '-'));
  if (benchmark !== undefined) return everything.filter(({ numbers }) => numbers[benchmark]?.toLowerCase() === number);
  // A former id looks like a number of whatever edition its reader has at hand.
  const bare = wanted.replace(/^cis-(?=\d)/, '');
  return everything.filter(
    ({ numbers, formerly }) =>
      formerly?.toLowerCase() === wanted || Object.values(numbers).some((one) => one.toLowerCase() === bare),
  );
}

/** `admission-service-account (CIS 1.24: 1.2.13)`: enough to tell the candidates for a name apart. */
export function candidateText({ id, numbers }: Named, name: string): string {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/^cis-(?=\d)/, '');
  const inBenchmarks = BENCHMARKS.flatMap((benchmark) =>
    numbers[benchmark]?.toLowerCase() === bare ? [`${shortTitle(benchmark)}: ${numbers[benchmark]}`] : [],
  );
  return inBenchmarks.length === 0 ? id : `${id} (${inBenchmarks.join(', ')})`;
}
