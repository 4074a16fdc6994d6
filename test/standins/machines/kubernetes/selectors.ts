/** Label and field selectors. */

import { at } from '../json.ts';
import type { KubernetesObject } from '../state.ts';
import { badRequest } from './status.ts';

export type Matches = (object: KubernetesObject) => boolean;

export function labelSelector(text: string): Matches {
  const requirements = split(text).map(labelRequirement);
  return (object) => requirements.every((matches) => matches(object.metadata.labels ?? {}));
}

function labelRequirement(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set?.[1] !== undefined) {
    const [, label, operator, list] = set;
    const values = (list ?? '').split(',').map((value) => value.trim());
    const wanted = operator === 'in';
    return (labels) => {
      const value = labels[label ?? ''];
      return value === undefined ? !wanted : values.includes(value) === wanted;
    };
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/.exec(text);
  if (equality?.[1] !== undefined) {
    const [, label, operator, value] = equality;
    return (labels) => (labels[label ?? ''] === value) === (operator !== '!=');
  }
  const presence = /^(!?)([^=!\s,()]+)$/.exec(text);
  if (presence?.[2] === undefined)
    throw badRequest(`unable to parse requirement: found '${text}', expected: identifier`);
  const [, not, label] = presence;
  return (labels) => label in labels === (not === '');
}

/** Commas inside parentheses do not separate. */
function split(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const selectable = new Set([
  'metadata.name',
  'metadata.namespace',
  'spec.nodeName',
  'spec.signerName',
  'spec.unschedulable',
  'status.phase',
  'type',
  'involvedObject.name',
  'involvedObject.namespace',
  'involvedObject.kind',
  'involvedObject.uid',
  'reason',
]);

export function fieldSelector(text: string): Matches {
  const requirements = parseFieldSelector(text);
  return (object) =>
    requirements.every(
      ({ field, equal, value }) => (String(at(object, ...field.split('.')) ?? '') === value) === equal,
    );
}

export function parseFieldSelector(
  text: string,
): readonly { readonly field: string; readonly equal: boolean; readonly value: string }[] {
  return split(text).map((part) => {
    const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
    if (match?.[1] === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const field = match[1].trim();
    if (!selectable.has(field)) throw badRequest(`field label not supported: ${field}`);
    return { field, equal: match[2] !== '!=', value: (match[3] ?? '').trim() };
  });
}
