/** What the options ask of this node, with the catalogues and policies that come with the charm. Neither is read without a mode. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '../../../clients/juju/juju.ts';
import { type CatalogueName, catalogueOf, controlsOf, readCatalogue } from '../catalogue.ts';
import type { Benchmark } from '../control.ts';
import type { HardeningOptions } from '../options.ts';
import { isWaived } from '../waivers.ts';
import { type Demands, demandsOf } from './demands.ts';

export interface Place {
  readonly role: 'control-plane' | 'worker';
  /** Whether the node has an etcd of its own. */
  readonly etcd: boolean;
  /** Who the unit is, as the dispatch knows it. `charmDirectory`: where the charm is unpacked; the operating system's path. */
  readonly identity: Pick<Identity, 'charmDirectory'>;
}

/** @param today `2026-12-31`, in UTC: waivers end. */
export async function readDemands(
  options: HardeningOptions,
  { role, etcd, identity }: Place,
  today: string,
): Promise<Demands> {
  const controls = async (on: boolean, benchmark: Benchmark) => {
    if (!on) return [];
    const catalogue = await catalogueIn(identity, catalogueOf(benchmark));
    return controlsOf(catalogue, benchmark, [role]).filter((control) => !isWaived(control, options.waivers, today));
  };
  const [cis, stig, auditCis, auditStig] = await Promise.all([
    controls(options.cis, `cis-${options.benchmark}`),
    controls(options.stig, 'stig'),
    options.cis ? readFile(join(identity.charmDirectory, 'policies/audit-policy-cis.yaml'), 'utf8') : '',
    options.stig ? readFile(join(identity.charmDirectory, 'policies/audit-policy-stig.yaml'), 'utf8') : '',
  ]);
  return demandsOf({ options, role, cis, stig, etcd, shipped: { auditCis, auditStig } });
}

type Catalogues = Map<CatalogueName, ReturnType<typeof readCatalogue>>;

const read = new WeakMap<Place['identity'], Catalogues>();

/** A dispatch looks several times, and a catalogue does not change under it; it may from one to the next. */
function catalogueIn(identity: Place['identity'], name: CatalogueName): ReturnType<typeof readCatalogue> {
  const catalogues: Catalogues = read.get(identity) ?? new Map();
  read.set(identity, catalogues);
  const reading = catalogues.get(name) ?? readCatalogue(identity.charmDirectory, name);
  catalogues.set(name, reading);
  return reading;
}
