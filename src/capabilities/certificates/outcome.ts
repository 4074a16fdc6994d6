/** How a change of certificates may end that is neither done nor a bug. */

import type { StatusWord } from '../../clients/juju/status.ts';
import { ChangeFailed, type FailureKind } from '../../core/change-failed.ts';

/** Entry of the unit state: why the last refresh failed, where no action tells it. */
export const FAILURE_KEY = 'certificates/failure';

/** It could not be made now, or was undone; what stood there before is in service. */
export class RefreshFailed extends ChangeFailed {
  override readonly name = 'RefreshFailed';
  override readonly kind: FailureKind;
  /** @param undone whether something had been changed, and either put back or to no avail: not to be tried again as it is. */
  constructor(status: StatusWord, message: string, undone = false) {
    super(status, message);
    this.kind = undone ? 'undone' : 'passing';
  }
}
