/** How a change may end that is neither done nor a bug. */

import type { StatusWord, UnitStatus } from '../clients/juju/status.ts';

/**
 * `passing`: may go better next time. `refused`: it could not be begun, and it makes no sense to try again, here or on another unit, until
 * somebody has changed something. `undone`: it was made, the node did not do well, and what stood there before is back; not to be tried
 * again as it is.
 */
export type FailureKind = 'passing' | 'refused' | 'undone';

/** It could not be made now; the status tells why. The dispatch goes on without what depends on it, and ends well. */
export class ChangeFailed extends Error {
  override readonly name: string = 'ChangeFailed';
  readonly status: UnitStatus;
  readonly kind: FailureKind = 'passing';
  /** How far it has come, where it takes several dispatches: as long as this is another one each time, it only takes its time. */
  readonly progress?: string | undefined;
  constructor(status: StatusWord, message: string) {
    super(message);
    this.status = { status, message };
  }
}

export class ChangeRefused extends ChangeFailed {
  override readonly name = 'ChangeRefused';
  override readonly kind = 'refused';
  constructor(message: string) {
    super('blocked', message);
  }
}

export class ChangeUndone extends ChangeFailed {
  override readonly name = 'ChangeUndone';
  override readonly kind = 'undone';
  constructor(message: string) {
    super('blocked', message);
  }
}
