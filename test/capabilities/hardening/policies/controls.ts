/** The controls of the catalogues that ask the Kubernetes API, with the rules and parameters that they ask with. */

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Verdict } from '../../../../src/capabilities/hardening/api-rule.ts';
import type { ApiCheck, ApiParameters, Check, Control } from '../../../../src/capabilities/hardening/control.ts';
import { evaluateApiRule } from '../../../../src/capabilities/hardening/policies/evaluate.ts';
import type { ApiFacts } from '../../../../src/capabilities/hardening/policies/facts.ts';

export interface ApiControl {
  readonly id: string;
  readonly rule: string;
  readonly parameters: ApiParameters;
}

export async function apiControls(): Promise<readonly ApiControl[]> {
  const texts = await Promise.all(
    ['cis', 'stig'].map((name) =>
      readFile(new URL(`../../../../charm/hardening/${name}.yaml`, import.meta.url), 'utf8'),
    ),
  );
  const controls = texts.flatMap((text) => (parse(text) as { controls: readonly Control[] }).controls);
  return controls.flatMap(({ id, check, editions }) => {
    const checks = [check, ...Object.values(editions ?? {}).flatMap((edition) => edition.check ?? [])];
    return checks.flatMap(apiChecks).map(({ rule, parameters = {} }) => ({ id, rule, parameters }));
  });
}

function apiChecks(check: Check): readonly ApiCheck[] {
  if (check.type === 'all' || check.type === 'any') return check.of.flatMap(apiChecks);
  return check.type === 'api' ? [check] : [];
}

/** What a control comes to, with those that a waiver allows. */
export function verdictOf(
  controls: readonly ApiControl[],
  id: string,
  facts: ApiFacts,
  allow: readonly string[] = [],
): Verdict {
  const control = controls.find((one) => one.id === id);
  if (control === undefined) throw new Error(`no control ${id} asks the Kubernetes API`);
  return evaluateApiRule(control.rule, { ...control.parameters, ...(allow.length > 0 ? { allow } : {}) }, facts);
}
