/** One control of the catalogues over what the API of the cluster said. */
import type { Verdict } from '../api-rule.ts';
import type { ApiParameters } from '../control.ts';
import type { ApiFacts, ClusterFacts, FactName, Looked, OwnConfiguration } from './facts.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';

/**
 * `parameters` are the control's, and `allow` those of a waiver: names of evidence that are as they should be. What could not be looked
 * at is `not-evaluated`, and never a failure: it would tell of the API server and not of the policies. Throws for a rule that does not exist.
 */
export function evaluateApiRule(name: string, parameters: ApiParameters, facts: ApiFacts): Verdict {
  const rule = ruleOf(name);
  if (rule === undefined) throw new Error(`no rule ${name}: a control of the catalogue asks for it`);
  const seen: Partial<Record<FactName, unknown>> & { own: OwnConfiguration } = { own: facts.own };
  const unseen: string[] = [];
  for (const need of rule.needs) {
    const looked: Looked<unknown> = facts[need] ?? { unseen: `${need} were not looked at` };
    if ('seen' in looked) seen[need] = looked.seen;
    else unseen.push(looked.unseen);
  }
  if (unseen.length > 0)
    return { state: 'not-evaluated', reason: sentence([...new Set(unseen)].join('; ')), evidence: [], more: 0 };
  const verdict = rule.judge(seen as ClusterFacts & { own: OwnConfiguration }, parameters);
  return { ...verdict, reason: sentence(verdict.reason) };
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}

/** What has to be looked at for these rules. */
export function factsFor(rules: Iterable<string>): ReadonlySet<FactName> {
  return new Set([...rules].flatMap((name) => ruleOf(name)?.needs ?? []));
}

function ruleOf(name: string): Rule | undefined {
  return Object.hasOwn(RULES, name) ? RULES[name as keyof typeof RULES] : undefined;
}
