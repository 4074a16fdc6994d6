/** What the status of a unit says while a mode is on: how many controls of its node hold. */

import { dayOf, forgetScore, type HardeningOptions, recallScore, rememberModes } from '../hardening/index.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { readOptions } from './hardening.ts';
import type { View } from './view.ts';

/**
 * `CIS node 88/91`, `STIG node 80/85`, and waivers that are void.
 *
 * @param notes whether what was counted is noted on the machine for the next time; an action that writes nothing has it counted anew.
 */
export async function scoreReports(
  doors: Doors,
  { cluster }: View,
  { notes }: { readonly notes: boolean } = { notes: true },
): Promise<readonly UnitStatus[]> {
  const { juju, host } = doors;
  if (cluster.node === undefined || cluster.leaving || cluster.snap === undefined) return [];
  const { value: options } = await readOptions(doors, cluster, await juju.config());
  if (!options.cis && !options.stig) {
    if (notes) {
      await forgetScore(host);
      await rememberModes(host, options, { upgraded: false });
    }
    return [];
  }
  const key = JSON.stringify([
    cluster.snap.version,
    cluster.snap.revision,
    cluster.node.name,
    whatCounts(options, host.now()),
  ]);
  // The archive of another revision has other catalogues.
  const recalled = juju.event.kind === 'upgrade-charm' ? undefined : await recallScore(host, key);
  const messages =
    recalled ?? (await import('./count-scores.ts')).countScores(doors, cluster, options, notes ? key : undefined);
  return (await messages).map((message) => ({ status: 'active', message }));
}

function whatCounts({ cis, stig, benchmark, waivers, api }: HardeningOptions, now: Date): unknown {
  const ends = waivers.some(({ until }) => until !== undefined);
  return { cis, stig, benchmark, waivers, exempt: api?.exemptNamespaces, day: ends ? dayOf(now) : '' };
}
