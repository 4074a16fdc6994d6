/** How a change of encryption may end that is neither done nor a bug: the status tells why, and a later dispatch goes on. */

import type { StatusWord } from '../../clients/juju/status.ts';
import { ChangeFailed } from '../../core/change-failed.ts';

export class EncryptionFailed extends ChangeFailed {
  override readonly name = 'EncryptionFailed';
  override readonly progress: string | undefined;
  constructor(status: StatusWord, message: string, progress?: string) {
    super(status, message);
    this.progress = progress;
  }
}
