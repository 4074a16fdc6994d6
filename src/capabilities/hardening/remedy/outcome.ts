/** How a remedy may end that is neither done nor a bug. */

import { ChangeFailed } from '../../../core/change-failed.ts';

/** It cannot be made here until an operator has done something; what depends on it waits. */
export class RemedyFailed extends ChangeFailed {
  override readonly name = 'RemedyFailed';
  constructor(message: string) {
    super('blocked', message);
  }
}
