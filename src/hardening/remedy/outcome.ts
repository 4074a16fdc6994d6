/** How a remedy may end that is neither done nor a bug. */

import type { UnitStatus } from '../../juju/status.ts';

/** It cannot be made here until an operator has done something; what depends on it waits. */
export class RemedyFailed extends Error {
  override readonly name = 'RemedyFailed';
  readonly status: UnitStatus;
  constructor(message: string) {
    super(message);
    this.status = { status: 'blocked', message };
  }
}
