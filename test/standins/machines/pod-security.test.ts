/** Guards that the stand-in's API server refuses Pods as PodSecurity of the real one does: by labels, by configuration, in its words. */

import { describe, expect, it } from 'vitest';
import { BY_LABELS, podSecurityOf, violation } from './kubernetes/pod-security.ts';
import type { KubernetesObject } from './state.ts';

const bad = pod({
  hostNetwork: true,
  containers: [{ name: 'c', securityContext: { privileged: true }, ports: [{ containerPort: 80, hostPort: 80 }] }],
});
const plain = pod({ containers: [{ name: 'c' }] });
const good = pod({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [{ name: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
});

function pod(spec: object): KubernetesObject {
  return { metadata: { name: 'p', namespace: 'team' }, spec } as unknown as KubernetesObject;
}

function namespace(labels: Record<string, string>): KubernetesObject {
  return { metadata: { name: 'team', labels } } as unknown as KubernetesObject;
}

const enforcing = (level: string) => namespace({ 'pod-security.kubernetes.io/enforce': level });

const CONFIGURATION = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: PodSecurity
    configuration:
      apiVersion: pod-security.admission.config.k8s.io/v1
      kind: PodSecurityConfiguration
      defaults: {enforce: baseline, enforce-version: latest}
      exemptions: {namespaces: [kube-system], usernames: [root]}
`;

describe('a Pod', () => {
  it('is refused in the words of kube-apiserver 1.36.3', () => {
    expect(violation(BY_LABELS, enforcing('restricted'), bad, 'a')).toBe(
      'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true), hostPort (container "c" uses hostPort 80), privileged (container "c" must not set securityContext.privileged=true), allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
  });

  it.each<[string, KubernetesObject, KubernetesObject, boolean]>([
    ['without a label', namespace({}), bad, true],
    ['at privileged', enforcing('privileged'), bad, true],
    ['at baseline', enforcing('baseline'), bad, false],
    ['at baseline', enforcing('baseline'), plain, true],
    ['at restricted', enforcing('restricted'), plain, false],
    ['at restricted', enforcing('restricted'), good, true],
    ['at a level that is none', enforcing('strict'), plain, false],
  ])('is judged %s', (_, where, what, allowed) => {
    expect(violation(BY_LABELS, where, what, 'a') === undefined).toBe(allowed);
  });

  it('is judged by the configuration where there is no label, unless it is exempt', () => {
    const configured = podSecurityOf(CONFIGURATION);
    expect(violation(configured, namespace({}), bad, 'a')).toMatch(
      /^violates PodSecurity "baseline:latest": host namespaces/,
    );
    expect(violation(configured, namespace({}), plain, 'a')).toBeUndefined();
    expect(violation(configured, enforcing('privileged'), bad, 'a')).toBeUndefined();
    expect(violation(configured, namespace({}), bad, 'root')).toBeUndefined();
    const system = { ...bad, metadata: { ...bad.metadata, namespace: 'kube-system' } };
    expect(violation(configured, namespace({}), system, 'a')).toBeUndefined();
  });
});
