/** How a change of encryption may end that is neither done nor a bug: the status tells why, and a later dispatch goes on. */

import type { StatusWord, UnitStatus } from '../../juju/status.ts';

export class EncryptionFailed extends Error {
  override readonly name = 'EncryptionFailed';
  readonly status: UnitStatus;
  /** How far it has come: as long as this is another one each time, it only takes its time. */
  readonly progress: string | undefined;
  constructor(status: StatusWord, message: string, progress?: string) {
    super(message);
    this.status = { status, message };
    this.progress = progress;
  }
}
