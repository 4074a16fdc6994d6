/**
 * One look at the policies of a cluster, in a process of its own, so that its memory is its own: `policies.ts <kubeconfig> <folder of the
 * charm>`. Prints what it took as JSON.
 */
import { readFile } from 'node:fs/promises';
import { CATALOGUES, controlsOf, readCatalogue } from '../../src/capabilities/hardening/catalogue.ts';
import type { NodeFacts } from '../../src/capabilities/hardening/node-facts.ts';
import { observePolicies } from '../../src/capabilities/hardening/observe-policies.ts';
import { openKubernetes } from '../../src/clients/kubernetes/open-kubernetes.ts';

export interface PolicyFigures {
  readonly milliseconds: number;
  /** High-water mark of the process. */
  readonly peakMb: number;
  readonly controls: number;
  readonly notEvaluated: number;
}

const [kubeconfig = '', charm = ''] = process.argv.slice(2);
const catalogues = await Promise.all(CATALOGUES.map((name) => readCatalogue(charm, name)));
const controls = catalogues.flatMap((catalogue) =>
  (['cis-1.12', 'stig'] as const).flatMap((benchmark) => controlsOf(catalogue, benchmark)),
);
const nothing = { file: undefined, process: undefined, inUse: undefined };
const facts: NodeFacts = {
  role: 'control-plane',
  version: '1.36.4',
  services: {
    'kube-apiserver': nothing,
    'kube-controller-manager': nothing,
    'kube-scheduler': nothing,
    'kube-proxy': nothing,
    kubelet: nothing,
    etcd: nothing,
  },
  files: {},
  policies: {},
  missing: [],
  digests: {},
  sysctls: {},
  units: undefined,
  exemptNamespaces: [],
};

const started = performance.now();
const kubernetes = await openKubernetes(await readFile(kubeconfig, 'utf8'), { timeoutMs: 15_000 });
const evaluate = await observePolicies(kubernetes, 'node', facts, controls);
const verdicts = controls.flatMap(({ check }) =>
  check.type === 'api' ? [evaluate?.(check.rule, check.parameters ?? {})] : [],
);
const figures: PolicyFigures = {
  milliseconds: performance.now() - started,
  peakMb: process.resourceUsage().maxRSS / 1024,
  controls: verdicts.length,
  notEvaluated: verdicts.filter((verdict) => verdict?.state === 'not-evaluated').length,
};
console.log(JSON.stringify(figures));
