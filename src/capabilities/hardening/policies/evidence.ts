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

export interface Sifted {
  readonly evidence: readonly Evidence[];
  readonly more: number;
  readonly total: number;
  /** How many the operator allows. */
  readonly allowed: number;
}

/**
 * Parameter `allow`: names as evidence has them (`ServiceAccount monitoring/prometheus`), with `*` for any text in its place. They
 * come from waivers, which say why. What is not shown is forgotten at once: it may be something of each of thousands of pods.
 */
export function sift(found: Iterable<Found>, { allow = [] }: ApiParameters): Sifted {
  const patterns = allow.map(patternOf);
  const evidence: Evidence[] = [];
  let total = 0;
  let allowed = 0;
  for (const { what, found: seen, expected, aliases = [] } of found) {
    if (patterns.some((pattern) => pattern.test(what) || aliases.some((alias) => pattern.test(alias)))) {
      allowed += 1;
      continue;
    }
    total += 1;
    if (total <= MOST) evidence.push({ what, found: seen, ...(expected === undefined ? {} : { expected }) });
  }
  return { evidence, more: total - evidence.length, total, allowed };
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
export function judge(found: Iterable<Found>, parameters: ApiParameters, judgement: Judgement): Verdict {
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
