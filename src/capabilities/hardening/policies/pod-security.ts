/**
 * Which pods a namespace admits: https://kubernetes.io/docs/concepts/security/pod-security-admission/. A label of the namespace says it,
 * else the configuration of the admission plugin, else everything is admitted.
 */
import type { NamespaceFacts, OwnConfiguration, PodSecurityLevel } from './facts.ts';
import type { LabelSelector } from './objects.ts';
import { SYSTEM_NAMESPACES } from './product.ts';

const LEVELS: readonly PodSecurityLevel[] = ['privileged', 'baseline', 'restricted'];

export interface Enforced {
  readonly level: PodSecurityLevel;
  /** The configuration exempts it, whatever its labels say, and somebody has said that it may. */
  readonly exempt: boolean;
}

export function enforced({ name, labels }: NamespaceFacts, { podSecurity }: OwnConfiguration): Enforced {
  const { active, enforce, exemptNamespaces, documentedExemptions } = podSecurity;
  const exempt = exemptNamespaces.includes(name);
  if (!active || exempt) return { level: 'privileged', exempt: exempt && documentedExemptions.includes(name) };
  const label = labels['pod-security.kubernetes.io/enforce'];
  // Kubernetes takes a label that is no level for the strictest one.
  return {
    level: label === undefined ? enforce : (LEVELS.find((level) => level === label) ?? 'restricted'),
    exempt: false,
  };
}

export function isAtLeast(level: PodSecurityLevel, wanted: PodSecurityLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(wanted);
}

/** Namespaces in which users have their pods. */
export function userNamespaces(namespaces: readonly NamespaceFacts[]): readonly NamespaceFacts[] {
  return namespaces.filter(({ name, ofProduct }) => isOfUsers(name) && !ofProduct);
}

export function isOfUsers(namespace: string): boolean {
  return !SYSTEM_NAMESPACES.includes(namespace);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([label, value]) => labels[label] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return false;
      }
    })
  );
}
