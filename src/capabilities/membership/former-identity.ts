/**
 * How the revisions that identified a change by the sentence that described it would have called one, so that what they remember of
 * changes that were undone holds after an upgrade. These sentences must not be reworded.
 */

import { sentenceIdentity } from '../../core/change-identity.ts';
import type { Change } from './change.ts';

/** Undefined for a change whose failures were not remembered. */
export function formerIdentity(change: Change): string | undefined {
  const sentence = formerSentence(change);
  return sentence === undefined ? undefined : sentenceIdentity(sentence);
}

function formerSentence(change: Change): string | undefined {
  switch (change.kind) {
    case 'write-arguments': {
      const { service, set } = change.change;
      const parts = Object.entries(set).map(([flag, value]) =>
        value === null ? `take out ${flag}` : `set ${flag}=${value}`,
      );
      return `${service}: ${parts.join(', ') || 'nothing to set'}, and restart it`;
    }
    case 'finish-arguments':
      return `${change.service}: restart it with the arguments that were written before`;
    case 'refresh-snap':
      return change.file
        ? `replace the k8s snap by the one in the resource snap-installation (sha256 ${change.file.sha256.slice(0, 12)})`
        : `refresh the k8s snap to ${change.channel}`;
    default:
      return undefined;
  }
}
