/** How a change of certificates may end that is neither done nor a bug. */

import type { UnitStatus } from '../juju/status.ts';

/** Entry of the unit state: why the last refresh failed, where no action tells it. */
export const FAILURE_KEY = 'certificates/failure';

/** It could not be made now, or was undone; what stood there before is in service. */
export class RefreshFailed extends Error {
  override readonly name = 'RefreshFailed';
  readonly status: UnitStatus;
  /** Whether something had been changed, and either put back or to no avail: not to be tried again as it is. */
  readonly undone: boolean;
  constructor(status: UnitStatus['status'], message: string, undone = false) {
    super(message);
    this.status = { status, message };
    this.undone = undone;
  }
}
