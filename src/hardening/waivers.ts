/** Waivers: controls that an operator has decided not to keep, with the reason, and until when. */

import { BENCHMARKS, type Benchmark, type Control } from './control.ts';
import type { Waiver } from './finding.ts';
import type { Reading } from './known-texts.ts';
import { readYaml } from './yaml-option.ts';

/** The text of the option `hardening-waivers`: a YAML list of `{control, reason, until}`. */
export async function readWaivers(text: string): Promise<Reading<readonly Waiver[]>> {
  const { validate } = await import('./waivers.schema.json?validator');
  const reading = await readYaml(text, validate);
  if ('problem' in reading) return reading;
  const given = reading.value as readonly (Omit<Waiver, 'control'> & { readonly control: string | number })[];
  const waivers = given.map(
    (waiver): Waiver => ({
      ...waiver,
      control: String(waiver.control).trim(),
      reason: waiver.reason.trim(),
    }),
  );
  const names = waivers.map(({ control }) => control.toLowerCase());
  const repeated = names.findIndex((name, index) => names.indexOf(name) !== index);
  return repeated === -1 ? { value: waivers } : { problem: `waives ${waivers[repeated]?.control} more than once` };
}

/** What a control can be called: its id, and its number in the benchmark. */
export type Named = Pick<Control, 'id' | 'numbers'>;

/** Whether the waiver is of the control, in the benchmark. */
export function isOf({ control: name }: Waiver, { id, numbers }: Named, benchmark: Benchmark): boolean {
  return [id, numbers[benchmark]].some((one) => one?.toLowerCase() === name.toLowerCase());
}

/** @param today `2026-12-31`, in UTC. */
export function holdsOn({ until }: Waiver, today: string): boolean {
  return until === undefined || until >= today;
}

/** The waiver of a control that holds on that day, also one that allows only some things. */
export function waiverOf(
  control: Named,
  benchmark: Benchmark,
  waivers: readonly Waiver[],
  today: string,
): Waiver | undefined {
  return waivers.find((waiver) => holdsOn(waiver, today) && isOf(waiver, control, benchmark));
}

/** Whether the whole control is waived, so that nobody brings it about. */
export function isWaived(control: Named, benchmark: Benchmark, waivers: readonly Waiver[], today: string): boolean {
  const waiver = waiverOf(control, benchmark, waivers, today);
  return waiver !== undefined && waiver.allow === undefined;
}

/** RFC 3339's full-date, in UTC. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/**
 * Waivers that are void, in sentences, as far as an assessment of one benchmark can tell: of its controls those that have ended, and
 * those that name nothing. A number of one edition of CIS names nothing in another.
 * @param everything the controls of all catalogues.
 */
export function voidWaivers(
  waivers: readonly Waiver[],
  benchmark: Benchmark,
  everything: readonly Named[],
  today: string,
): readonly string[] {
  return waivers.flatMap((waiver) => {
    const { control, until } = waiver;
    const named = everything.filter((one) => BENCHMARKS.some((each) => isOf(waiver, one, each)));
    if (named.length === 0) return [`${control} in hardening-waivers is no control of this charm.`];
    const ours = named.some((one) => one.numbers[benchmark] !== undefined && isOf(waiver, one, benchmark));
    if (ours) return holdsOn(waiver, today) ? [] : [`The waiver of ${control} ended on ${until}.`];
    const ofCatalogue = named.every(({ id }) => id.startsWith('V-') === (benchmark === 'stig'));
    return ofCatalogue ? [`${control} in hardening-waivers is no control of ${benchmark}.`] : [];
  });
}
