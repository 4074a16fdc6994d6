/** From what a rule found to a verdict: what the operator allows is taken out, and the list of the rest is cut. */
import type { Verdict } from '../api-rule.ts';
import type { ApiParameters } from '../control.ts';
import type { Evidence } from '../finding.ts';

/** A cluster may have thousands of pods that all lack the same thing. */
const MOST = 50;

export interface Found extends Evidence {
  /** Other names by which an operator may allow it: the binding through which a subject has its rights. */
  readonly aliases?: readonly string[];
}

export interface Sifted<F> {
  readonly evidence: readonly Evidence[];
  readonly more: number;
  readonly total: number;
  /** How many the operator allows. */
  readonly allowed: number;
  /** Those that are not allowed, all of them. */
  readonly left: readonly F[];
}

/**
 * Parameter `allow`: names as evidence has them (`ServiceAccount monitoring/prometheus`), with `*` for any text in its place. They
 * come from waivers, which say why.
 */
export function sift<F extends Found>(found: readonly F[], { allow = [] }: ApiParameters): Sifted<F> {
  const patterns = allow.map(patternOf);
  const isAllowed = ({ what, aliases = [] }: F) =>
    patterns.some((pattern) => pattern.test(what) || aliases.some((alias) => pattern.test(alias)));
  const left = patterns.length === 0 ? found : found.filter((one) => !isAllowed(one));
  return {
    evidence: left.slice(0, MOST).map(({ what, found: seen, expected }) => ({
      what,
      found: seen,
      ...(expected === undefined ? {} : { expected }),
    })),
    more: Math.max(0, left.length - MOST),
    total: left.length,
    allowed: found.length - left.length,
    left,
  };
}

export interface Judgement {
  /** Why it passes when nothing is left. */
  readonly none: string;
  /** Why it does not, of so many. */
  readonly some: (count: number) => string;
  /** `manual`: what is left is to be looked over by a person. By default it fails. */
  readonly otherwise?: 'fail' | 'manual';
}

/** Passes when nothing is left of what was found. */
export function judge(found: readonly Found[], parameters: ApiParameters, judgement: Judgement): Verdict {
  const { evidence, more, total, allowed } = sift(found, parameters);
  const permitted = allowed === 0 ? '' : `; ${allowed} allowed by a waiver`;
  if (total === 0) return { state: 'pass', reason: `${judgement.none}${permitted}`, evidence, more };
  return { state: judgement.otherwise ?? 'fail', reason: `${judgement.some(total)}${permitted}`, evidence, more };
}

/** `1 pod`, `3 pods`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function patternOf(text: string): RegExp {
  const escaped = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`);
}
