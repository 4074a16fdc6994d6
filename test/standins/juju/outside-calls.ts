/**
 * The calls that a unit's dispatches make to something outside themselves (hook tools, and what the machine reports),
 * counted in the order in which they come, so that a test can end a dispatch at any one of them.
 */

import type { CallPhase } from './machine.ts';

/** Ends the dispatch of `unit` at its `call`-th outside call from now on (first: 1), across dispatches. Once. */
export interface Interruption {
  readonly unit: string;
  readonly call: number;
  /** `before`: the call has no effect. `after`: it has, but its answer is lost. */
  readonly phase: CallPhase;
  /** Filled in: calls so far, and the call at which it happened. */
  hits?: { calls: number; interrupted?: string };
}

interface OpenCall {
  readonly what: string;
  /** Which call it is of its unit. */
  readonly total: number;
  /** Which call it is for the interruption that was set when it began. */
  readonly number: number;
  readonly interruption: Interruption | undefined;
}

/** `call`: which one it is of that unit since the model was opened, from 1 on. */
export type OutsideCallListener = (unit: string, call: number, what: string, phase: CallPhase) => void;

export interface OutsideCalls {
  interruption: Interruption | undefined;
  listener: OutsideCallListener | undefined;
  /** Total of each unit since the model was opened. */
  readonly totals: Readonly<Record<string, number>>;
  /** Resolves to true when the dispatch has been ended at this call. */
  call(unit: string, what: string, phase: CallPhase, kill: () => void): boolean;
}

export function newOutsideCalls(): OutsideCalls {
  const totals: Record<string, number> = {};
  const open = new Map<string, OpenCall[]>();

  const begin = (unit: string, what: string): OpenCall => {
    totals[unit] = (totals[unit] ?? 0) + 1;
    const interruption = calls.interruption?.unit === unit ? calls.interruption : undefined;
    if (interruption) interruption.hits = { calls: (interruption.hits?.calls ?? 0) + 1 };
    const call = { what, total: totals[unit], number: interruption?.hits?.calls ?? 0, interruption };
    open.set(unit, [...(open.get(unit) ?? []), call]);
    return call;
  };

  const end = (unit: string, what: string): OpenCall | undefined => {
    const list = open.get(unit) ?? [];
    const found = list.find((call) => call.what === what);
    open.set(
      unit,
      list.filter((call) => call !== found),
    );
    return found;
  };

  const calls: OutsideCalls = {
    interruption: undefined,
    listener: undefined,
    totals,
    call(unit, what, phase, kill) {
      const call = phase === 'before' ? begin(unit, what) : end(unit, what);
      if (call) calls.listener?.(unit, call.total, what, phase);
      const { interruption } = calls;
      if (!call || !interruption || call.interruption !== interruption) return false;
      if (interruption.phase !== phase || interruption.call !== call.number) return false;
      interruption.hits = { calls: call.number, interrupted: what };
      calls.interruption = undefined;
      kill();
      return true;
    },
  };
  return calls;
}
