/** Waivers: controls that an operator has decided not to keep, with the reason, and until when. */

import type { Benchmark } from './control.ts';
import { candidateText, controlsNamed, type Named } from './control-names.ts';
import type { Waiver } from './finding.ts';
import type { Reading } from './known-texts.ts';
import { readYaml } from './yaml-option.ts';

/**
 * The text of the option `hardening-waivers`: a YAML list of `{control, reason, until}`.
 * @param everything the controls of all catalogues.
 */
export async function readWaivers(text: string, everything: readonly Named[]): Promise<Reading<readonly Waiver[]>> {
  const { validate } = await import('./waivers.schema.json?validator');
  const reading = await readYaml(text, validate);
  if ('problem' in reading) return reading;
  const given = reading.value as readonly (Omit<Waiver, 'control'> & { readonly control: string | number })[];
  const waivers = given.map(
    (waiver): Waiver => ({
      ...waiver,
      control: `${waiver.control}`.trim(),
      reason: waiver.reason.trim(),
    }),
  );
  return identified(waivers, everything);
}

/** With the ids of the controls that they mean. A name that means several controls is a problem: which one is waived is not for us to guess. */
export function identified(waivers: readonly Waiver[], everything: readonly Named[]): Reading<readonly Waiver[]> {
  const known = waivers.map((waiver) => ({ waiver, controls: controlsNamed(waiver.control, everything) }));
  const unclear = known.find(({ controls }) => controls.length > 1);
  if (unclear !== undefined) {
    const { waiver, controls } = unclear;
    const candidates = controls.map((one) => candidateText(one, waiver.control)).join(' or ');
    return { problem: `waives ${waiver.control}, which can be ${candidates}; name the one that you mean by its id` };
  }
  const ids = known.map(({ waiver, controls: [control] }) => control?.id ?? waiver.control.toLowerCase());
  const repeated = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (repeated !== -1) return { problem: `waives ${waivers[repeated]?.control} more than once` };
  const value = known.map(({ waiver, controls: [control] }) =>
    control === undefined ? waiver : { ...waiver, id: control.id },
  );
  return { value };
}

/** @param today `2026-12-31`, in UTC. */
export function holdsOn({ until }: Waiver, today: string): boolean {
  return until === undefined || until >= today;
}

/** The waiver of a control that holds on that day, also one that allows only some things. */
export function waiverOf({ id }: Named, waivers: readonly Waiver[], today: string): Waiver | undefined {
  return waivers.find((waiver) => holdsOn(waiver, today) && waiver.id === id);
}

/** Whether the whole control is waived, so that nobody brings it about. */
export function isWaived(control: Named, waivers: readonly Waiver[], today: string): boolean {
  const waiver = waiverOf(control, waivers, today);
  return waiver !== undefined && waiver.allow === undefined;
}

/** RFC 3339's full-date, in UTC. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/**
 * Waivers that are void, in sentences, as far as an assessment of one benchmark can tell: those that name no control, and of its own
 * controls those that have ended.
 * @param everything the controls of all catalogues.
 */
export function voidWaivers(
  waivers: readonly Waiver[],
  benchmark: Benchmark,
  everything: readonly Named[],
  today: string,
): readonly string[] {
  return waivers.flatMap((waiver) => {
    const { control, until, id } = waiver;
    const named = everything.find((one) => one.id === id);
    if (named === undefined) return [`${control} in hardening-waivers is no control of this charm.`];
    if (named.numbers[benchmark] === undefined || holdsOn(waiver, today)) return [];
    return [`The waiver of ${control} ended on ${until}.`];
  });
}
