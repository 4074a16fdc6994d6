/** The catalogues as a unit has them: JSON in the charm's archive, made of charm/hardening/*.yaml and checked when it is packed. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Benchmark, Control, Place } from './control.ts';
import type { Named } from './control-names.ts';

export interface Catalogue {
  readonly controls: readonly Control[];
  /** On workers: the names of the other controls, so that a waiver of one of them is not taken for a mistake. */
  readonly elsewhere?: readonly Named[];
}

export const CATALOGUES = ['cis', 'stig'] as const;

export type CatalogueName = (typeof CATALOGUES)[number];

/** Which catalogue holds the controls of a benchmark. */
export function catalogueOf(benchmark: Benchmark): CatalogueName {
  return benchmark === 'stig' ? 'stig' : 'cis';
}

/** @param charmFolder where the archive is unpacked; the operating system's path, not one below the host's root. */
export async function readCatalogue(charmFolder: string, name: CatalogueName): Promise<Catalogue> {
  return JSON.parse(await readFile(join(charmFolder, 'hardening', `${name}.json`), 'utf8')) as Catalogue;
}

/** All controls by name, of all catalogues; what a worker is not given is among them. */
export async function readControlNames(charmFolder: string): Promise<readonly Named[]> {
  const catalogues = await Promise.all(CATALOGUES.map((name) => readCatalogue(charmFolder, name)));
  return catalogues.flatMap(namesIn);
}

export function namesIn({ controls, elsewhere = [] }: Catalogue): readonly Named[] {
  return [...controls, ...elsewhere];
}

/** The controls of a benchmark, as its edition has them, in its order; with `places`, only those that are looked at in one of them. */
export function controlsOf(
  { controls }: Catalogue,
  benchmark: Benchmark,
  places?: readonly Place[],
): readonly Control[] {
  return controls
    .filter((control) => control.numbers[benchmark] !== undefined)
    .filter((control) => places === undefined || control.places.some((place) => places.includes(place)))
    .map((control) => inEdition(control, benchmark))
    .toSorted((a, b) => byNumber(a.numbers[benchmark] ?? '', b.numbers[benchmark] ?? ''));
}

function inEdition(control: Control, benchmark: Benchmark): Control {
  const edition = control.editions?.[benchmark];
  return edition === undefined ? control : { ...control, ...edition };
}

/** 1.2.9 stands before 1.2.10. */
function byNumber(a: string, b: string): number {
  const [as, bs] = [a.split('.'), b.split('.')];
  for (let index = 0; index < Math.max(as.length, bs.length); index += 1) {
    const [one = '', other = ''] = [as[index], bs[index]];
    if (one === other) continue;
    return Number(one) - Number(other) || (one < other ? -1 : 1);
  }
  return 0;
}
