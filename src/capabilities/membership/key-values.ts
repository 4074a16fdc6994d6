/** Options that are lists of `key=value`: labels, annotations, taints. */

import type { Checked, OptionProblem } from '../../core/option-problem.ts';
import { words } from './words.ts';

export type KeyValues = Readonly<Record<string, string>>;

/** The value with which the existing charms and `kubectl` take a key away; no label can have it. */
export const REMOVED = '-';

/** Kubernetes' qualified names: an optional DNS prefix and a name of up to 63 characters. */
const QUALIFIED_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** `zone=a disk=ssd old=-` (Kubernetes: Labels and Selectors, syntax and character set). */
export function parseLabels(option: string, text: string): Checked<KeyValues> {
  return parsePairs(option, text, (key, value) => {
    if (!QUALIFIED_NAME.test(key)) return `has ${JSON.stringify(key)}, which is not a label name`;
    if (value !== REMOVED && !LABEL_VALUE.test(value))
      return `gives ${key} a value that a label cannot have; use up to 63 letters, digits, - _ .`;
    return undefined;
  });
}

/** `k8sd/v1alpha1/cilium/devices=eth0 old=-`; keys may have any number of slashes. */
export function parseAnnotations(option: string, text: string): Checked<KeyValues> {
  return parsePairs(option, text, (key) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9_./-]*$/.test(key))
      return `has ${JSON.stringify(key)}, which is not an annotation name`;
    return undefined;
  });
}

/** Those that are to be there, without those that are to be taken away. */
export function kept(pairs: KeyValues): KeyValues {
  return Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== REMOVED));
}

/** Whether a label can have this value. */
export function isLabelValue(text: string): boolean {
  return LABEL_VALUE.test(text);
}

/** `dedicated=infra:NoSchedule gpu:NoExecute`. The list is in the order given, without repetitions. */
export function parseTaints(option: string, text: string): Checked<readonly string[]> {
  const problems: OptionProblem[] = [];
  const value: string[] = [];
  for (const taint of words(text)) {
    const match = /^([^=:]+)(?:=([^=:]*))?:([A-Za-z]+)$/.exec(taint);
    const [, key = '', setting = '', effect = ''] = match ?? [];
    if (match === null || !QUALIFIED_NAME.test(key) || !LABEL_VALUE.test(setting) || !EFFECTS.includes(effect))
      problems.push({
        option,
        message: `has ${JSON.stringify(taint)}, which is not a taint such as key=value:NoSchedule (effects: ${EFFECTS.join(', ')})`,
      });
    else if (!value.includes(taint)) value.push(taint);
  }
  return { value, problems };
}

function parsePairs(
  option: string,
  text: string,
  problemOf: (key: string, value: string) => string | undefined,
): Checked<KeyValues> {
  const value: Record<string, string> = {};
  const problems: OptionProblem[] = [];
  for (const word of words(text)) {
    const [key = '', ...rest] = word.split('=');
    const setting = rest.join('=');
    if (rest.length === 0)
      problems.push({ option, message: `has ${JSON.stringify(word)} without a value; write key=value` });
    else if (Object.hasOwn(value, key)) problems.push({ option, message: `has ${key} twice; give each key once` });
    else {
      const problem = problemOf(key, setting);
      if (problem === undefined) value[key] = setting;
      else problems.push({ option, message: problem });
    }
  }
  return { value, problems };
}
