/** Tells long before an authority ends that k8sd cannot exchange: all that can be done is to move to another cluster. */

import type { Files } from '../../host/host.ts';
import type { UnitStatus } from '../../juju/status.ts';
import { readIssued } from '../relation/issued.ts';
import { clusterAuthorities } from './authorities.ts';

/** Long enough to plan a move of everything that runs in a cluster. */
const EARLY_MS = 180 * 86_400_000;

/** For a control plane whose authorities are not k8sd's own, which live for 20 years. */
export async function reportEndingAuthorities(files: Files, etcd: boolean, now: Date): Promise<readonly UnitStatus[]> {
  const ends = await Promise.all(
    clusterAuthorities(etcd).map(async ({ name, path }) => {
      const certificate = readIssued((await files.read(path)) ?? '');
      return certificate === undefined ? [] : [{ name, end: certificate.notAfter }];
    }),
  );
  const near = ends.flat().filter(({ end }) => end.getTime() - now.getTime() < EARLY_MS);
  const first = near.toSorted((a, b) => a.end.getTime() - b.end.getTime())[0];
  if (first === undefined) return [];
  const names = near.map(({ name }) => name).join(', ');
  const day = first.end.toISOString().slice(0, 10);
  return first.end > now
    ? [
        {
          status: 'active',
          message: `the authorities ${names} end on ${day} and k8sd cannot exchange them: move to a new cluster before`,
        },
      ]
    : [
        {
          status: 'blocked',
          message: `The authority ${first.name} ended on ${day}, and k8sd cannot exchange it: move to a new cluster`,
        },
      ];
}
