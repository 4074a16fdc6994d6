/** What operators read of the options of the gate, in `config.yaml`, the README and `juju config`. */

import type { DocumentationOf } from '../../core/option-documentation.ts';
import type { GATE_OPTIONS } from './options.ts';

export const GATE_DOCUMENTATION: DocumentationOf<typeof GATE_OPTIONS> = {
  'rollout-parallelism': `
    How many workers may restart services or refresh the snap at the same time, over all worker applications of
    the cluster: a number, or a percentage of the workers such as 10%, which is rounded down and is at least one
    worker. Control planes always go one at a time, and workers wait for them.`,
};
