/** The shape of a command. */

import type { Arguments, FlagKinds } from './arguments.ts';
import type { Session } from './session.ts';

export interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly flags: FlagKinds;
  /** Exit code. Throws `CommandFailure`. */
  run(args: Arguments, session: Session): Promise<number>;
}

/** Most commands wait this long for the model to come to rest; `--timeout` gives other seconds. */
const DEFAULT_TIMEOUT_S = 900;

export const TIMEOUT_FLAG: FlagKinds = { timeout: 'text' };

export function timeoutMs(args: Arguments): number {
  return Number(args.text('timeout') ?? DEFAULT_TIMEOUT_S) * 1000;
}
