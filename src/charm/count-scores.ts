/** Counts the scores of a node for its unit's status, and has them remembered under a key, if there is one. */

import type { ClusterFacts } from '../cluster/index.ts';
import {
  type Benchmark,
  type HardeningOptions,
  nodeScore,
  rememberModes,
  rememberScore,
  scoreText,
  unkept,
  unkeptText,
} from '../hardening/index.ts';
import { DiskFull } from '../host/errors.ts';
import { assessUnit, openCatalogues } from './assessment.ts';
import type { Doors } from './doors.ts';

export async function countScores(
  doors: Doors,
  cluster: ClusterFacts,
  options: HardeningOptions,
  key: string | undefined,
): Promise<readonly string[]> {
  const catalogues = await openCatalogues(doors, cluster.role);
  const benchmarks: readonly Benchmark[] = [
    ...(options.cis ? [`cis-${options.benchmark}` as const] : []),
    ...(options.stig ? ['stig' as const] : []),
  ];
  const controls = new Map(benchmarks.map((benchmark) => [benchmark, catalogues.of(benchmark)] as const));
  const { assessments, facts } = await assessUnit(doors, {
    cluster,
    options,
    catalogues,
    controls,
    withPolicies: false,
  });
  const messages = [
    ...assessments.map(
      (one) =>
        `${one.benchmark === 'stig' ? 'STIG' : 'CIS'} node ${scoreText(nodeScore(one))}${unkeptText(unkept(one))}`,
    ),
    ...new Set(assessments.flatMap(({ problems }) => problems)),
  ];
  if (key === undefined) return messages;
  try {
    await rememberModes(doors.host, options, { upgraded: doors.juju.event.kind === 'upgrade-charm' });
    await rememberScore(doors.host, key, [...controls.values()].flat(), facts, messages);
  } catch (error) {
    // It is counted again next time; a full disk is told of where it stands in somebody's way.
    if (!(error instanceof DiskFull)) throw error;
  }
  return messages;
}
