/** Guards what policy files have to say, with the ways in which they seem to say it and do not. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { judgePolicy } from '../../../src/capabilities/hardening/evaluate-policy.ts';

const context = { exemptNamespaces: ['kube-system', 'ceph'] };
const audit = (...rules: readonly object[]) => ({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });

describe('an audit policy', () => {
  const quiet = { level: 'Metadata', resources: [{ group: '', resources: ['secrets', 'configmaps'] }] };
  const reviews = { level: 'Metadata', resources: [{ group: 'authentication.k8s.io' }] };
  const loud = { level: 'RequestResponse' };

  it.each<[string, boolean, readonly object[]]>([
    ['everything at Metadata', true, [{ level: 'Metadata' }]],
    ['Secrets at Metadata before the bodies of all else', true, [quiet, reviews, loud]],
    ['the bodies of all before Secrets at Metadata', false, [loud, quiet, reviews]],
    ['the bodies of Secrets for some', false, [{ ...loud, users: ['eve'] }, { level: 'Metadata' }]],
    ['no exec', false, [{ level: 'None', resources: [{ group: '', resources: ['pods/*'] }] }, { level: 'Metadata' }]],
    [
      'no deletion of Pods by some',
      false,
      [{ level: 'None', users: ['eve'], verbs: ['delete'] }, { level: 'Metadata' }],
    ],
    ['no health checks', true, [{ level: 'None', nonResourceURLs: ['/healthz*'] }, { level: 'Metadata' }]],
    ['nothing after some rules', false, [quiet, reviews]],
    ['Secrets in one namespace only', false, [{ ...quiet, namespaces: ['a'] }, reviews, loud]],
    ['nothing', false, []],
  ])('that records %s: %s', (_, holds, rules) => {
    expect(judgePolicy('audits-sensitive-requests', audit(...rules), context).holds).toBe(holds);
  });

  it.each<[string, boolean, unknown]>([
    ['its one rule', true, audit(loud)],
    ['a rule for some resources', false, audit({ ...loud, resources: [{ group: '' }] })],
    ['two rules', false, audit(loud, loud)],
    ['stages left out', false, { ...audit(loud), omitStages: ['RequestReceived'] }],
    ['another kind', false, { ...audit(loud), kind: 'List' }],
  ])('records everything as the STIG wants it with %s: %s', (_, holds, policy) => {
    expect(judgePolicy('audits-all-request-responses', policy, context).holds).toBe(holds);
  });

  it('without rules, or with rules that record nothing, is none', () => {
    expect(judgePolicy('has-audit-rules', audit(), context).holds).toBe(false);
    expect(judgePolicy('has-audit-rules', audit({ level: 'None' }), context).holds).toBe(false);
    expect(judgePolicy('has-audit-rules', audit(loud), context).holds).toBe(true);
  });
});

describe('the documented audit policy without credentials', () => {
  const text = readFileSync(
    new URL('../../../docs/how-to/audit-policy-without-credentials.yaml', import.meta.url),
    'utf8',
  );

  it('records no body of Secrets and tokens, and those of all else', () => {
    const policy = parse(text) as { rules: readonly object[] };
    expect(judgePolicy('audits-sensitive-requests', policy, context).holds).toBe(true);
    expect(policy.rules.at(-1)).toEqual({ level: 'RequestResponse' });
    const quiet = JSON.stringify(policy.rules.slice(0, -1));
    for (const credential of ['secrets', 'serviceaccounts/token', 'tokenreviews']) expect(quiet).toContain(credential);
  });
});

describe('an encryption configuration', () => {
  const of = (...entries: readonly (readonly [readonly string[], readonly string[]])[]) => ({
    kind: 'EncryptionConfiguration',
    resources: entries.map(([resources, providers]) => ({ resources, providers })),
  });

  it.each<[string, unknown, boolean, boolean]>([
    ['aescbc first', of([['secrets'], ['aescbc', 'identity']]), true, true],
    ['aesgcm first', of([['secrets'], ['aesgcm', 'identity']]), true, false],
    ['kms for everything', of([['*.*'], ['kms']]), true, true],
    ['identity first', of([['secrets'], ['identity', 'aescbc']]), false, false],
    ['ConfigMaps only', of([['configmaps'], ['aescbc']]), false, false],
    [
      'an entry before it that leaves Secrets as they are',
      of([['secrets'], ['identity']], [['*.*'], ['aescbc']]),
      false,
      false,
    ],
    ['no provider', of([['secrets'], []]), false, false],
    ['nothing', {}, false, false],
  ])('with %s', (_, value, encrypts, approved) => {
    expect(judgePolicy('encrypts-secrets', value, context).holds).toBe(encrypts);
    expect(judgePolicy('encrypts-secrets-with-approved-provider', value, context).holds).toBe(approved);
  });
});

describe('an admission configuration', () => {
  const of = (enforce: string | undefined, namespaces: readonly string[]) => ({
    kind: 'AdmissionConfiguration',
    plugins: [{ name: 'PodSecurity', configuration: { defaults: { enforce }, exemptions: { namespaces } } }],
  });

  it.each<[string, unknown, boolean]>([
    ['baseline', of('baseline', ['kube-system', 'ceph']), true],
    ['restricted', of('restricted', []), true],
    ['privileged', of('privileged', []), false],
    ['no level', of(undefined, []), false],
    ['an exempt namespace that nobody configured', of('baseline', ['default']), false],
    ['other plugins only', { kind: 'AdmissionConfiguration', plugins: [{ name: 'EventRateLimit' }] }, false],
  ])('with %s', (_, value, holds) => {
    expect(judgePolicy('enforces-pod-security', value, context).holds).toBe(holds);
  });
});
