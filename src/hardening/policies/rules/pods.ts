/** Rules over what pods may do and do: CIS 5.2, 5.4.1, 5.6, DISA V-242395, V-242414, V-242415, V-242417, V-242442, V-274883. */
import type { Verdict } from '../../api-rule.ts';
import { isComponent } from '../components.ts';
import { count, type Found, judge, sift } from '../evidence.ts';
import type { OwnConfiguration, PodFacts, PodGuard, PodSecurityLevel, WorkloadFacts } from '../facts.ts';
import { enforced, isAtLeast, isOfUsers, selects, userNamespaces } from '../pod-security.ts';
import type { Trait } from '../pod-template.ts';
import { rule } from '../rule.ts';

/** CIS 5.2.1: each namespace of users has a level, or a policy engine that is asked for its pods. */
export const podPolicyInEachNamespace = rule(
  ['namespaces', 'admission'],
  ({ namespaces, admission, own }, parameters) => {
    const users = userNamespaces(namespaces);
    const open = users.flatMap((namespace): readonly Found[] => {
      const { level, exempt } = enforced(namespace, own);
      if (exempt || isAtLeast(level, 'baseline') || guardsOf(admission.guards, namespace.labels).length > 0) return [];
      return [{ what: `Namespace ${namespace.name}`, found: 'privileged', expected: 'baseline or restricted' }];
    });
    return judge(open, parameters, {
      none: `every namespace of users has a policy for its pods${exemptions(
        users.map(({ name }) => name),
        own,
      )}`,
      some: (left) =>
        `${count(left, 'namespace')} without a policy for pods${exemptions(
          users.map(({ name }) => name),
          own,
        )}`,
    });
  },
);

/**
 * Parameters `violation` (one of `TRAITS`), `level` (the one of the Pod Security Standards that keeps pods from it). CIS 5.2.2 to 5.2.13. It
 * takes both: that no namespace of users admits such pods, and that none is left from before. Where a policy engine is asked instead, what
 * its policies say is for a person to look at.
 */
export const podsNotAdmitted = rule(
  ['namespaces', 'nodes', 'pods', 'admission'],
  ({ namespaces, nodes, pods, admission, own }, parameters): Verdict => {
    const traits = new Set(parameters['violation'] ?? []);
    if (traits.has('windows-host-process') && nodes.every(({ operatingSystem }) => operatingSystem === 'linux'))
      return { state: 'not-applicable', reason: 'all nodes run Linux', evidence: [], more: 0 };
    const level = (parameters['level']?.[0] ?? 'restricted') as PodSecurityLevel;
    const users = userNamespaces(namespaces);
    const looked = users.filter((namespace) => !enforced(namespace, own).exempt);
    const names = new Set(looked.map(({ name }) => name));
    const breaking = pods
      .filter(({ namespace, finished }) => names.has(namespace) && !finished)
      .flatMap((pod) => breaches(pod, traits));
    const weak = looked.filter((namespace) => !isAtLeast(enforced(namespace, own).level, level));
    const guarded = weak.filter(({ labels }) => guardsOf(admission.guards, labels).length > 0);
    const open = weak
      .filter((namespace) => !guarded.includes(namespace))
      .map((namespace) => ({
        what: `Namespace ${namespace.name}`,
        found: `admits them: ${enforced(namespace, own).level}`,
        expected: level,
      }));
    const also = exemptions(
      users.map(({ name }) => name),
      own,
    );
    const verdict = judge([...breaking, ...open], parameters, {
      none: `no namespace of users admits such pods, and there are none${also}`,
      some: (left) => `${count(left, 'pod or namespace', 'pods or namespaces')} at fault${also}`,
    });
    if (verdict.state !== 'pass' || guarded.length === 0) return verdict;
    const engines = [...new Set(guarded.flatMap(({ labels }) => guardsOf(admission.guards, labels)))];
    return {
      ...verdict,
      state: 'manual',
      reason: `there are no such pods; whether policies keep ${count(guarded.length, 'namespace')} from them is to be looked up`,
      evidence: engines.map((what) => ({ what, found: 'is asked when pods are made' })),
    };
  },
);

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
    const maps = configMaps.suspects
      .filter(({ namespace }) => isOfUsers(namespace))
      .map(({ namespace, name, keys }) => ({
        what: `ConfigMap ${namespace}/${name}`,
        found: `keys ${keys.join(', ')}`,
      }));
    const verdict = judge([...maps, ...templatesWith('plain-secret-in-environment', pods, workloads)], parameters, {
      none: 'nothing in ConfigMaps and environments looks like a secret; what does not look like one is not to be seen',
      some: (left) => `${count(left, 'place')} that may hold secrets in plain text`,
      otherwise: 'manual',
    });
    return { ...verdict, state: 'manual' };
  },
);

/** CIS 5.6.2 (1.24: 5.7.2). Of kubelets only this node's own is known; 4.2.14 tells of each on its node. */
export const seccompProfiles = rule(['pods'], ({ pods, own }, parameters) => {
  const bare = ofUsers(pods).filter(({ node }) => !(own.seccompDefault && node === own.node));
  return judge(
    bare.flatMap((pod) => breaches(pod, new Set(['no-seccomp-profile']))),
    parameters,
    {
      none: 'all pods of users have a seccomp profile of their own, or the one that the kubelet of this node gives',
      some: (left) =>
        `${count(left, 'pod')} without a seccomp profile${own.seccompDefault ? ', unless their nodes give them the default' : ''}`,
      otherwise: own.seccompDefault ? 'manual' : 'fail',
    },
  );
});

/** CIS 5.6.3 (1.24: 5.7.3). */
export const securityContexts = rule(['pods'], ({ pods }, parameters) => {
  const users = ofUsers(pods);
  const weak = users.flatMap((pod) => breaches(pod, new Set(['weak-security-context'])));
  const careful = users.length - weak.length;
  const share = users.length === 0 ? '' : ` (${Math.floor((100 * careful) / users.length)} %)`;
  return judge(weak, parameters, {
    none: 'all pods of users have a full security context',
    some: () => `${careful} of ${count(users.length, 'pod')} of users${share} have a full security context`,
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
  judge(
    ofUsers(pods).flatMap((pod) => breaches(pod, new Set(['low-host-port']))),
    parameters,
    {
      none: 'no pod of users has a host port below 1024',
      some: (left) => `${count(left, 'pod')} with a host port below 1024`,
    },
  ),
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

/**
 * DISA V-242442. Two versions of one component in the namespaces of the system are a leftover, or an upgrade under way. Of users' images a
 * person has to judge: two teams may well run two versions.
 */
export const oneVersionPerImage = rule(['pods'], ({ pods }, parameters) => {
  const system = severalVersions(pods.filter(({ namespace }) => !isOfUsers(namespace)));
  const users = severalVersions(ofUsers(pods)).filter(({ what }) => !system.some((other) => other.what === what));
  return judge([...system, ...users], parameters, {
    none: 'no image runs in more than one version',
    some: (left) => `${count(left, 'image')} in more than one version: leftovers, unless an upgrade is under way`,
    otherwise: sift(system, parameters).total > 0 ? 'fail' : 'manual',
  });
});

function ofUsers(pods: readonly PodFacts[]): readonly PodFacts[] {
  return pods.filter(({ namespace, finished }) => !finished && isOfUsers(namespace));
}

/** One piece of evidence for a pod, with all that it does of these. */
function breaches(pod: PodFacts, traits: ReadonlySet<string>): readonly Found[] {
  const found = breachesOf(pod, traits);
  if (found === '') return [];
  return [{ what: podName(pod), found, ...(pod.controller === undefined ? {} : { aliases: [controllerName(pod)] }) }];
}

function breachesOf({ template }: Pick<PodFacts, 'template'>, traits: ReadonlySet<string>): string {
  return template.breaches
    .filter(({ trait }) => traits.has(trait))
    .map(({ found }) => found)
    .join('; ');
}

/** Workloads stand for their pods; pods are told for themselves only where nothing made them from a template. */
function templatesWith(trait: Trait, pods: readonly PodFacts[], workloads: readonly WorkloadFacts[]): readonly Found[] {
  const traits = new Set([trait]);
  const made = workloads.filter(({ namespace, ofProduct }) => isOfUsers(namespace) && !ofProduct);
  const names = new Set(made.map((workload) => workloadName(workload)));
  const alone = ofUsers(pods).filter((pod) => pod.controller === undefined || !names.has(controllerName(pod)));
  return [
    ...made.flatMap((workload): readonly Found[] => {
      const found = breachesOf(workload, traits);
      return found === '' ? [] : [{ what: workloadName(workload), found }];
    }),
    ...alone.flatMap((pod) => breaches(pod, traits)),
  ];
}

function guardsOf(guards: readonly PodGuard[], labels: Readonly<Record<string, string>>): readonly string[] {
  return guards
    .filter(({ namespaces }) => namespaces.every((selector) => selects(selector, labels)))
    .map(({ what }) => what);
}

function exemptions(names: readonly string[], { podSecurity }: OwnConfiguration): string {
  const { exemptNamespaces, documentedExemptions } = podSecurity;
  const exempt = exemptNamespaces.filter((name) => names.includes(name) && documentedExemptions.includes(name));
  return exempt.length === 0 ? '' : `; exempt by configuration: ${exempt.join(', ')}`;
}

/** Repositories of images that run with more than one tag or digest. */
function severalVersions(pods: readonly PodFacts[]): readonly Found[] {
  const versions = new Map<string, Set<string>>();
  for (const image of pods.filter(({ finished }) => !finished).flatMap(({ template }) => template.images)) {
    const [repository, version] = imageParts(image);
    versions.set(repository, (versions.get(repository) ?? new Set()).add(version));
  }
  return [...versions]
    .filter(([, found]) => found.size > 1)
    .map(([repository, found]) => ({ what: `image ${repository}`, found: [...found].sort().join(', ') }))
    .sort((a, b) => (a.what < b.what ? -1 : 1));
}

/** `registry:5000/name:tag@sha256:…`: a colon before the last slash is the registry's port. */
function imageParts(image: string): readonly [string, string] {
  const parts = /^(.*?)(?::([^:/@]+))?(?:@(.+))?$/.exec(image);
  return [parts?.[1] ?? image, parts?.[2] ?? parts?.[3] ?? 'latest'];
}

function podName({ namespace, name }: PodFacts): string {
  return `Pod ${namespace}/${name}`;
}

function workloadName({ kind, namespace, name }: WorkloadFacts): string {
  return `${kind} ${namespace}/${name}`;
}

/** `Deployment team/app`. */
function controllerName({ namespace, controller = '' }: PodFacts): string {
  const [kind, name] = controller.split(' ');
  return `${kind} ${namespace}/${name}`;
}
