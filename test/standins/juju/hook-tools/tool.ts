/** The shape that all hook tools share. */

import type { HookContext } from '../hook-context.ts';
import { misuse } from './failure.ts';
import type { FlagTypes, ParsedFlags } from './flags.ts';
import type { Format } from './output.ts';

export interface ToolCall {
  readonly flags: ParsedFlags;
  /** Working directory of the caller. */
  readonly directory: string;
  readonly stdin: string | undefined;
}

/** A value, to be printed in the format that was asked for, or text as it is. */
export type ToolOutput = { readonly value: unknown } | { readonly text: string } | undefined;

export interface HookTool {
  readonly usage: string;
  readonly flags: FlagTypes;
  /** The format when none is asked for; absent for tools that have no `--format`. */
  readonly format?: Format;
  /** Throws `ToolFailure`. */
  run(call: ToolCall, context: HookContext): ToolOutput | Promise<ToolOutput>;
}

export function refuseMore(positionals: readonly string[], taken: number): void {
  const more = positionals.slice(taken);
  if (more.length > 0) throw misuse(`unrecognized args: [${more.map((word) => JSON.stringify(word)).join(' ')}]`);
}
