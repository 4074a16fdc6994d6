/** Where an operator should look when k8sd gives up on a bootstrap or join: it does not tell which service did not start, nor why. */

import { optionOf, SERVICES } from './default-arguments.ts';
import type { NodeOptions } from './options.ts';

/** Arguments of the operator's are the likeliest cause, if there are any. @returns the end of a sentence, or nothing. */
export function likelyCause({ arguments: given }: NodeOptions): string {
  const options = SERVICES.filter((service) => Object.keys(given[service] ?? {}).length > 0).map(optionOf);
  return options.length === 0
    ? ''
    : `; if it fails again, look at ${options.join(', ')} and at journalctl -u 'snap.k8s.*'`;
}

/** What a unit says whose token has failed, when it has just failed and as long as there is no other. */
export function joinFailure(options: NodeOptions, error: string): string {
  return `Waiting for another Cluster token: ${error}${likelyCause(options)}`;
}
