/** The configuration of the cluster against the options: what the leader sends to k8sd, and what cannot be changed any more. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import { canonicalRanges, dualStackProblem } from '../../core/addresses.ts';
import { parseArguments } from '../../core/argument-file.ts';
import { certificateMode } from './certificate-mode.ts';
import type { Change } from './change.ts';
import type { EtcdAccess } from './etcd.ts';
import { type ControlPlaneFacts, snapMinor } from './facts.ts';
import {
  annotationChanges,
  FIRST_WITH_KUBE_PROXY,
  featureChanges,
  featuresFor,
  fixedOptions,
  leaveFixed,
} from './features.ts';
import { BAD_ETCD } from './plan-entry.ts';
import { blocked, type ClusterPlan, report, waiting } from './plan-node.ts';

export function planConfiguration(facts: ControlPlaneFacts): ClusterPlan {
  const { configuration, options, memory, etcd } = facts;
  if (configuration === undefined) return report(waiting("Waiting for k8sd to tell the cluster's configuration"));
  const wanted = featuresFor(snapMinor(facts.snap), options.features);
  const fixed = fixedOptions(wanted, configuration.config);
  const features = featureChanges(leaveFixed(wanted, fixed), configuration.config);
  const annotated = annotationChanges(options.annotations, configuration.config.annotations ?? {}, memory.annotations);
  const datastore = typeof etcd === 'object' ? datastoreChange(etcd, configuration.datastore ?? {}) : undefined;
  const config = { ...features, ...(Object.keys(annotated).length > 0 ? { annotations: annotated } : {}) };
  // One that is to go is forgotten when it is gone: k8sd may refuse, and it would stay for ever.
  const going = Object.keys(annotated).filter((key) => !Object.hasOwn(options.annotations, key));
  const ours = [...Object.keys(options.annotations), ...going].sort();
  const changes: Change[] = [];
  if (Object.keys(config).length > 0 || datastore) changes.push({ kind: 'configure-cluster', config, datastore });
  if (ours.join(' ') !== [...memory.annotations].sort().join(' '))
    changes.push({ kind: 'remember', key: 'annotations', value: ours.length > 0 ? JSON.stringify(ours) : undefined });
  const bad = etcd === 'not valid' ? [blocked(BAD_ETCD)] : [];
  const fixedReports = fixed.map(({ option, feature, present }) =>
    blocked(`${option} cannot change while ${feature}-enabled is true; set it back to ${present}`),
  );
  return { changes, reports: [...bad, ...immutableReports(facts), ...fixedReports, ...unsupportedReports(facts)] };
}

/** Rotated client certificates and moved servers of an external etcd arrive this way. */
function datastoreChange(etcd: EtcdAccess, present: Readonly<Record<string, unknown>>) {
  const wanted = {
    servers: [...etcd.servers],
    'ca-crt': etcd.ca,
    'client-crt': etcd.certificate,
    'client-key': etcd.key,
  };
  const same = Object.entries(wanted).every(([key, value]) => JSON.stringify(present[key]) === JSON.stringify(value));
  return same ? undefined : { type: 'external' as const, ...wanted };
}

/** Options that the installed snap has no word for. */
function unsupportedReports({ snap, options }: ControlPlaneFacts): readonly UnitStatus[] {
  if (snapMinor(snap) >= FIRST_WITH_KUBE_PROXY || options.features.network?.['kube-proxy-enabled'] === undefined)
    return [];
  return [blocked(`kube-proxy-enabled needs snap 1.${FIRST_WITH_KUBE_PROXY} or newer; reset it until then`)];
}

/** Options that were read at bootstrap and have been changed since. Each unit tells: an operator may look at any. */
export function immutableReports(facts: ControlPlaneFacts): readonly UnitStatus[] {
  const { options } = facts;
  const present = bootstrapped(facts);
  const pairs: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['bootstrap-pod-cidr', options.podCidr, canonicalOr(present.podCidr)],
    ['bootstrap-service-cidr', options.serviceCidr, canonicalOr(present.serviceCidr)],
    ['bootstrap-datastore', options.datastore, present.datastore],
    ['bootstrap-certificates', options.certificates, certificateMode(facts)],
  ];
  return pairs
    .filter(([, wanted, there]) => wanted !== undefined && there !== undefined && there !== '' && wanted !== there)
    .map(([option, , there]) => blocked(`${option} cannot change after bootstrap; set it back to ${there}`));
}

/** As k8sd has it, or, on units that have not asked it, as the node's services run with it. */
function bootstrapped({ configuration, arguments: files }: ControlPlaneFacts) {
  if (configuration !== undefined) {
    const external = configuration.datastore?.['type'] === 'external';
    return { ...configuration, datastore: external ? 'etcd' : 'managed-etcd' };
  }
  const apiServer = parseArguments('kube-apiserver', files['kube-apiserver']?.text ?? '');
  const servers = apiServer['--etcd-servers'];
  return {
    podCidr: parseArguments('kube-proxy', files['kube-proxy']?.text ?? '')['--cluster-cidr'],
    serviceCidr: apiServer['--service-cluster-ip-range'],
    // k8sd leads each API server to the etcd of its own node.
    datastore:
      servers === undefined
        ? undefined
        : /^https:\/\/(?:127\.0\.0\.1|\[::1\]):\d+$/.test(servers)
          ? 'managed-etcd'
          : 'etcd',
  };
}

/** As the options are read; what is not a range stays as it is, so that it is shown. */
function canonicalOr(ranges: string | undefined): string | undefined {
  return ranges === undefined || dualStackProblem(ranges) !== undefined ? ranges : canonicalRanges(ranges);
}
