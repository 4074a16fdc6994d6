/** Rules over what pods do: CIS 5.4.1, 5.6.2, 5.6.3, DISA V-242395, V-242414, V-242415, V-242417, V-274883. */
import { isComponent } from '../components.ts';
import { count, type Found, judge } from '../evidence.ts';
import { breaches, ofUsers, podName, templatesWith } from '../pod-evidence.ts';
import { isOfUsers } from '../pod-security.ts';
import { rule } from '../rule.ts';

/** CIS 5.4.1, DISA V-242415: in pods and in what pods are made from. */
export const secretsInEnvironment = rule(['pods', 'workloads'], ({ pods, workloads }, parameters) =>
  judge(templatesWith('secret-in-environment', pods, workloads), parameters, {
    none: 'no pod of users has a Secret in its environment',
    some: (left) => `${count(left, 'pod or workload', 'pods or workloads')} with Secrets in their environment`,
  }),
);

/** DISA V-274883. Names and shapes are a hint, and their absence is no proof: a person has to judge. Values are never shown. */
export const sensitiveDataInTheClear = rule(
  ['pods', 'workloads', 'configMaps'],
  ({ pods, workloads, configMaps }, parameters) => {
    function* suspects(): Generator<Found> {
      for (const { namespace, name, keys } of configMaps.suspects)
        if (isOfUsers(namespace)) yield { what: `ConfigMap ${namespace}/${name}`, found: `keys ${keys.join(', ')}` };
      yield* templatesWith('plain-secret-in-environment', pods, workloads);
    }
    const verdict = judge(suspects(), parameters, {
      none: 'nothing in ConfigMaps and environments looks like a secret; what does not look like one is not to be seen',
      some: (left) => `${count(left, 'place')} that may hold secrets in plain text`,
    });
    return { ...verdict, state: 'manual' };
  },
);

/** CIS 5.6.2 (1.24: 5.7.2). Of kubelets only this node's own is known; 4.2.14 tells of each on its node. */
export const seccompProfiles = rule(['pods'], ({ pods, own }, parameters) => {
  const elsewhere = pods.filter(({ node }) => !(own.seccompDefault && node === own.node));
  const unless = own.seccompDefault ? ', unless their nodes give them the default' : '';
  return judge(breaches(ofUsers(elsewhere), 'no-seccomp-profile'), parameters, {
    none: 'all pods of users have a seccomp profile of their own, or the one that the kubelet of this node gives',
    some: (left) => `${count(left, 'pod')} without a seccomp profile${unless}`,
    otherwise: own.seccompDefault ? 'manual' : 'fail',
  });
});

/** CIS 5.6.3 (1.24: 5.7.3). */
export const securityContexts = rule(['pods'], ({ pods }, parameters) => {
  let users = 0;
  for (const _pod of ofUsers(pods)) users += 1;
  return judge(breaches(ofUsers(pods), 'weak-security-context'), parameters, {
    none: 'all pods of users have a full security context',
    some: (left) => {
      const share = Math.floor((100 * (users - left)) / users);
      return `${users - left} of ${count(users, 'pod')} of users (${share} %) have a full security context`;
    },
    otherwise: 'manual',
  });
});

/** DISA V-242395. */
export const noDashboard = rule(['pods'], ({ pods }, parameters) =>
  judge(
    pods
      .filter(({ apps }) => apps.includes('kubernetes-dashboard'))
      .map((pod) => ({ what: podName(pod), found: 'is the Kubernetes dashboard' })),
    parameters,
    {
      none: 'the Kubernetes dashboard does not run',
      some: (left) => `${count(left, 'pod')} of the Kubernetes dashboard`,
    },
  ),
);

/** DISA V-242414. */
export const lowHostPorts = rule(['pods'], ({ pods }, parameters) =>
  judge(breaches(ofUsers(pods), 'low-host-port'), parameters, {
    none: 'no pod of users has a host port below 1024',
    some: (left) => `${count(left, 'pod')} with a host port below 1024`,
  }),
);

/** Parameter `namespaces`. DISA V-242417. */
export const systemNamespaces = rule(['pods', 'workloads'], ({ pods, workloads }, parameters) =>
  judge(
    pods
      .filter((pod) => parameters['namespaces']?.includes(pod.namespace) && !isComponent(pod, workloads))
      .map((pod) => ({ what: podName(pod), found: pod.controller ?? 'made by itself' })),
    parameters,
    {
      none: 'only components of the cluster run in its namespaces',
      some: (left) =>
        `${count(left, 'pod')} in namespaces of the system that ${left === 1 ? 'is' : 'are'} no component`,
    },
  ),
);
