/** How a change may end that is neither done nor a bug. */

import type { UnitStatus } from '../juju/status.ts';

/** It could not be made now; the status tells why. The dispatch goes on without what depends on it, and ends well. */
export class ChangeFailed extends Error {
  override readonly name: string = 'ChangeFailed';
  readonly status: UnitStatus;
  constructor(status: UnitStatus['status'], message: string) {
    super(message);
    this.status = { status, message };
  }
}

/** It could not be begun, and it makes no sense to try again, here or on another unit, until somebody has changed something. */
export class ChangeRefused extends ChangeFailed {
  override readonly name = 'ChangeRefused';
  constructor(message: string) {
    super('blocked', message);
  }
}

/** It was made, did not do well, and was undone: what stood there before is back. Not to be tried again as it is. */
export class ChangeUndone extends ChangeFailed {
  override readonly name = 'ChangeUndone';
  constructor(message: string) {
    super('blocked', message);
  }
}
