/** Rules over those who identify themselves: service accounts, tokens, the group that no role can bind. CIS 3.1.2, 3.1.3, 5.1.5 to 5.1.7. */

import { isComponent } from '../components.ts';
import { count, type Found, judge } from '../evidence.ts';
import type { BindingFacts, NamedObject, PodFacts, ServiceAccountFacts, WorkloadFacts } from '../facts.ts';
import { bindingName } from '../grants.ts';
import { podName } from '../pod-evidence.ts';
import { rule } from '../rule.ts';

/** CIS 5.1.5: each has automounting off, no pod runs as one, and no binding names one. */
export const defaultServiceAccounts = rule(
  ['serviceAccounts', 'pods', 'workloads', 'bindings'],
  ({ serviceAccounts, pods, workloads, bindings }, parameters) => {
    const mounting = serviceAccounts
      .filter(({ name, automount }) => name === 'default' && automount !== false)
      .map((account) => ({
        what: accountName(account),
        found: 'automountServiceAccountToken is not false',
        expected: 'automountServiceAccountToken: false',
      }));
    function* used(): Generator<Found> {
      yield* mounting;
      for (const pod of running(pods, workloads))
        if (pod.template.serviceAccount === 'default')
          yield {
            what: podName(pod),
            found: 'runs as the default service account',
            aliases: [accountName({ namespace: pod.namespace, name: 'default' })],
          };
      yield* bound(bindings);
    }
    return judge(used(), parameters, {
      none: 'no default service account is used, and none has its token mounted',
      some: (left) =>
        `${count(left, 'default service account, pod or binding', 'default service accounts, pods or bindings')}`,
    });
  },
);

/** CIS 5.1.6: what a pod says of its token wins over what its service account says; who says nothing has it mounted. */
export const serviceAccountTokensInPods = rule(
  ['serviceAccounts', 'pods', 'workloads'],
  ({ serviceAccounts, pods, workloads }, parameters) => {
    const accounts = new Map(serviceAccounts.map((account) => [accountName(account), account]));
    function* mounting(): Generator<Found> {
      for (const pod of running(pods, workloads)) {
        const account = accountName({ namespace: pod.namespace, name: pod.template.serviceAccount });
        if (pod.template.automount ?? accounts.get(account)?.automount ?? true)
          yield { what: podName(pod), found: `has the token of ${account} mounted`, aliases: [account] };
      }
    }
    return judge(mounting(), parameters, {
      none: 'no pod has a token mounted but those of the cluster’s own components',
      some: (left) => `${count(left, 'pod')} with a token mounted that nobody has said to need one`,
    });
  },
);

/**
 * CIS 5.1.7: the built-in binding names the group, and nothing else; nobody asks for a certificate in it. The administrator's own
 * kubeconfig of a control plane is in it, for emergencies.
 */
export const mastersGroup = rule(['bindings', 'mastersRequests'], ({ bindings, mastersRequests }, parameters) => {
  const named = bindings
    .filter(({ builtIn, name, subjects }) => !(builtIn && name === 'cluster-admin') && subjects.some(isMasters))
    .map((binding) => ({ what: bindingName(binding), found: `gives ${binding.role.name} to Group system:masters` }));
  const requested = mastersRequests.map(({ name, username, state }) => ({
    what: `CertificateSigningRequest ${name}`,
    found: `asks for a certificate in system:masters, made by ${username}, ${state}`,
    aliases: [`User ${username}`],
  }));
  return judge([...named, ...requested], parameters, {
    none: 'nothing but the built-in binding names system:masters, and no certificate is asked for in it',
    some: (left) => `${count(left, 'use')} of system:masters, whose members no role holds back`,
  });
});

/** CIS 3.1.2: a Secret with a token that never ends is how a person gets one. Whether a person uses any is not to be seen. */
export const longLivedTokens = rule(['tokenSecrets'], ({ tokenSecrets }, parameters) => {
  const verdict = judge(secrets(tokenSecrets, 'holds a token of a service account that never ends'), parameters, {
    none: 'no Secret holds a token without an end; whether people use the tokens of pods is not to be seen',
    some: (left) => `${count(left, 'Secret')} with tokens without an end: see who uses them`,
    otherwise: 'manual',
  });
  return { ...verdict, state: 'manual' };
});

/** CIS 3.1.3, beside the flag that would have the API server take them. */
export const bootstrapTokens = rule(['bootstrapTokens'], ({ bootstrapTokens: tokens }, parameters) =>
  judge(secrets(tokens, 'is a bootstrap token'), parameters, {
    none: 'there are no bootstrap tokens',
    some: (left) => `${count(left, 'bootstrap token')}`,
  }),
);

function bound(bindings: readonly BindingFacts[]): readonly Found[] {
  return bindings.flatMap((binding) =>
    binding.subjects
      .filter(({ kind, name }) => kind === 'ServiceAccount' && name === 'default')
      .map((subject) => ({
        what: bindingName(binding),
        found: `gives ${binding.role.name} to ${accountName(subject)}`,
        aliases: [accountName(subject)],
      })),
  );
}

function isMasters({ kind, name }: BindingFacts['subjects'][number]): boolean {
  return kind === 'Group' && name === 'system:masters';
}

function secrets(objects: readonly NamedObject[], found: string): readonly Found[] {
  return objects.map(({ namespace, name }) => ({ what: `Secret ${namespace}/${name}`, found }));
}

function accountName({ namespace, name }: Pick<ServiceAccountFacts, 'namespace' | 'name'>): string {
  return `ServiceAccount ${namespace}/${name}`;
}

function* running(pods: readonly PodFacts[], workloads: readonly WorkloadFacts[]): Generator<PodFacts> {
  for (const pod of pods) if (!pod.finished && !isComponent(pod, workloads)) yield pod;
}
