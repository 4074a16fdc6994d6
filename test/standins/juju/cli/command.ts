/** The shape of a command. */

import type { Arguments, FlagKinds } from './arguments.ts';
import type { Session } from './session.ts';

export interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly flags: FlagKinds;
  /** What the positional arguments are called, in the order in which they have to be there. */
  readonly needs?: readonly string[];
  /** How many positional arguments there may be; by default as many as are needed. */
  readonly most?: number;
  /** What comes after the first positional argument, or after this many, is not looked at for flags. */
  readonly flagsEndAfter?: number;
  /** Only for the process that was asked: no other process, which has the model open, may do it. */
  readonly alone?: boolean;
  /** Exit code. Throws `CommandFailure`. */
  run(args: Arguments, session: Session): Promise<number>;
}

/** Most commands wait this long for the model to come to rest; `--timeout` gives other seconds. */
const DEFAULT_TIMEOUT_S = 900;

export const TIMEOUT_FLAG: FlagKinds = { timeout: 'text' };

export function timeoutMs(args: Arguments): number {
  return Number(args.text('timeout') ?? DEFAULT_TIMEOUT_S) * 1000;
}
