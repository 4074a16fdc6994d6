/** The modes that harden a node by a benchmark. More than one capability decides by them. */

import { BOTH, flag } from './option-kinds.ts';

export const MODE_OPTIONS = {
  'cis-mode': flag({ on: BOTH, inherited: true, default: false }),
  'stig-mode': flag({ on: BOTH, inherited: true, default: false }),
};
