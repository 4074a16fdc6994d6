/** Where an operator should look when k8sd gives up on a bootstrap or join: it does not tell which service did not start, nor why. */

import { optionOf, SERVICES } from '../../core/services.ts';
import type { ClusterFacts } from './facts.ts';

type Given = Pick<ClusterFacts, 'options' | 'hardened'>;

/** They ask for something in every cluster, and are no likelier cause than any default. */
const ALWAYS_ASKED: readonly string[] = ['tls-min-version', 'encryption-at-rest'];

/** Arguments of the operator's are the likeliest cause, if there are any. @returns the end of a sentence, or nothing. */
export function likelyCause({ options: { arguments: given }, hardened }: Given): string {
  const operators = SERVICES.filter((service) => Object.keys(given[service] ?? {}).length > 0).map(optionOf);
  const askers = Object.values(hardened.services).flatMap((asked) => Object.values(asked.askers));
  const options = [...new Set([...operators, ...askers.flatMap((text) => text.split(', '))])].filter(
    (option) => !ALWAYS_ASKED.includes(option),
  );
  return options.length === 0
    ? ''
    : `; if it fails again, look at ${options.join(', ')} and at journalctl -u 'snap.k8s.*'`;
}

/** What a unit says whose token has failed, when it has just failed and as long as there is no other. */
export function joinFailure(facts: Given, error: string): string {
  return `Waiting for another Cluster token: ${error}${likelyCause(facts)}`;
}
