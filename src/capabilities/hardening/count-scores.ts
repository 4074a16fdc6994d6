/** Counts the scores of a node for its unit's status, and has them remembered under a key, if there is one. */

import { DiskFull } from '../../clients/host/errors.ts';
import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';
import { assessUnit, openCatalogues } from './assess-unit.ts';
import type { Benchmark } from './control.ts';
import { rememberModes } from './mode-memory.ts';
import type { HardeningOptions } from './options.ts';
import { nodeScore, scoreText, unkept, unkeptText } from './score.ts';
import { rememberScore } from './score-memory.ts';

export async function countScores(
  clients: Clients,
  node: Node,
  options: HardeningOptions,
  key: string | undefined,
): Promise<readonly string[]> {
  const catalogues = await openCatalogues(clients, node.role);
  const benchmarks: readonly Benchmark[] = [
    ...(options.cis ? [`cis-${options.benchmark}` as const] : []),
    ...(options.stig ? ['stig' as const] : []),
  ];
  const controls = new Map(benchmarks.map((benchmark) => [benchmark, catalogues.of(benchmark)] as const));
  const { assessments, facts } = await assessUnit(clients, {
    node,
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
    await rememberModes(clients.host, options, { upgraded: clients.juju.event.kind === 'upgrade-charm' });
    await rememberScore(clients.host, key, [...controls.values()].flat(), facts, messages);
  } catch (error) {
    // It is counted again next time; a full disk is told of where it stands in somebody's way.
    if (!(error instanceof DiskFull)) throw error;
  }
  return messages;
}
