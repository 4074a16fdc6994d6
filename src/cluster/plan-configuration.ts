/** The configuration of the cluster against the options: what the leader sends to k8sd, and what cannot be changed any more. */

import type { UnitStatus } from '../juju/status.ts';
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

/** Options that were read at bootstrap and have been changed since. */
function immutableReports(facts: ControlPlaneFacts): readonly UnitStatus[] {
  const { configuration, options } = facts;
  const datastore = configuration?.datastore?.['type'] === 'external' ? 'etcd' : 'managed-etcd';
  const pairs: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['bootstrap-pod-cidr', options.podCidr, configuration?.podCidr],
    ['bootstrap-service-cidr', options.serviceCidr, configuration?.serviceCidr],
    ['bootstrap-datastore', options.datastore, datastore],
    ['bootstrap-certificates', options.certificates, certificateMode(facts)],
  ];
  return pairs
    .filter(
      ([, wanted, present]) => wanted !== undefined && present !== undefined && present !== '' && wanted !== present,
    )
    .map(([option, , present]) => blocked(`${option} cannot change after bootstrap; set it back to ${present}`));
}
