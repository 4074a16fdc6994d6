/** What the options ask of this node, with the catalogues and policies that come with the charm. Neither is read without a mode. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CatalogueName, catalogueOf, controlsOf, readCatalogue } from '../catalogue.ts';
import type { Benchmark } from '../control.ts';
import type { HardeningOptions } from '../options.ts';
import { isWaived } from '../waivers.ts';
import { type Demands, demandsOf } from './demands.ts';

export interface Place {
  readonly role: 'control-plane' | 'worker';
  /** Whether the node has an etcd of its own. */
  readonly etcd: boolean;
  /** Where the charm is unpacked; the operating system's path. */
  readonly charmFolder: string;
}

/** @param today `2026-12-31`, in UTC: waivers end. */
export async function readDemands(
  options: HardeningOptions,
  { role, etcd, charmFolder }: Place,
  today: string,
): Promise<Demands> {
  const controls = async (on: boolean, benchmark: Benchmark) => {
    if (!on) return [];
    const catalogue = await catalogueIn(charmFolder, catalogueOf(benchmark));
    return controlsOf(catalogue, benchmark, [role]).filter((control) => !isWaived(control, options.waivers, today));
  };
  const [cis, stig, auditCis, auditStig] = await Promise.all([
    controls(options.cis, `cis-${options.benchmark}`),
    controls(options.stig, 'stig'),
    options.cis ? readFile(join(charmFolder, 'policies/audit-policy-cis.yaml'), 'utf8') : '',
    options.stig ? readFile(join(charmFolder, 'policies/audit-policy-stig.yaml'), 'utf8') : '',
  ]);
  return demandsOf({ options, role, cis, stig, etcd, shipped: { auditCis, auditStig } });
}

const catalogues = new Map<string, ReturnType<typeof readCatalogue>>();

/** A dispatch looks several times, and a catalogue does not change under it. */
function catalogueIn(charmFolder: string, name: CatalogueName): ReturnType<typeof readCatalogue> {
  const key = join(charmFolder, name);
  const known = catalogues.get(key);
  if (known !== undefined) return known;
  const reading = readCatalogue(charmFolder, name);
  catalogues.set(key, reading);
  return reading;
}
