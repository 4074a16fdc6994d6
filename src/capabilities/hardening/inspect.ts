/** What the status of a unit says while a mode is on: how many controls of its node hold. */

import type { Inspection, Occasion } from '../../core/capability.ts';
import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';
import { rememberModes } from './mode-memory.ts';
import type { HardeningOptions } from './options.ts';
import { forgetScore, recallScore } from './score-memory.ts';
import { dayOf } from './waivers.ts';

/** `CIS node 88/91`, `STIG node 80/85`, and waivers that are void. An action that only looks has it counted anew, and notes nothing. */
export async function inspectScore(
  clients: Clients,
  node: Node,
  options: HardeningOptions,
  { looks }: Occasion,
): Promise<Inspection> {
  const { juju, host } = clients;
  if (node.member === undefined || node.leaving || node.snap === undefined) return { reports: [] };
  if (!options.cis && !options.stig) {
    if (!looks) {
      await forgetScore(host);
      await rememberModes(host, options, { upgraded: false });
    }
    return { reports: [] };
  }
  const { version, revision } = node.snap;
  const key = JSON.stringify([version, revision, node.member.name, whatCounts(options, host.now())]);
  // The archive of another revision has other catalogues.
  const recalled = juju.event.kind === 'upgrade-charm' ? undefined : await recallScore(host, key);
  const messages =
    recalled ??
    (await (await import('./count-scores.ts')).countScores(clients, node, options, looks ? undefined : key));
  return { reports: messages.map((message) => ({ status: 'active', message })) };
}

function whatCounts({ cis, stig, benchmark, waivers, api }: HardeningOptions, now: Date): unknown {
  const ends = waivers.some(({ until }) => until !== undefined);
  return { cis, stig, benchmark, waivers, exempt: api?.exemptNamespaces, day: ends ? dayOf(now) : '' };
}
