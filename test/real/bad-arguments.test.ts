/**
 * What the real programs make of bad arguments, and what the charm makes of that: it writes them as it does for an operator, sees that the
 * service does not do its work, says why in the service's own words, and restores the previous arguments.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeArguments } from '../../src/cluster/apply-arguments.ts';
import type { Service } from '../../src/cluster/default-arguments.ts';
import type { Doors } from '../../src/cluster/doors.ts';
import { openHost } from '../../src/host/open-host.ts';
import type { Kubernetes } from '../../src/kubernetes/kubernetes.ts';
import { leader } from '../cluster/facts.ts';
import { memoryState } from '../hardening/state.ts';
import { openControlPlane, type RealControlPlane } from './control-plane.ts';
import type { ProgramName } from './programs.ts';

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

let controlPlane: RealControlPlane;
let kubernetes: Kubernetes;

beforeAll(async () => {
  controlPlane = await openControlPlane();
  for (const program of PROGRAMS) await controlPlane.ready(program);
  kubernetes = await controlPlane.kubernetes();
}, 120_000);
afterAll(() => controlPlane?.close());

interface Outcome {
  readonly message: string;
  /** Of the file, afterwards. */
  readonly text: string;
  readonly seconds: number;
}

/** Changes flags as the charm does. */
async function change(service: Service & ProgramName, set: Readonly<Record<string, string>>): Promise<Outcome> {
  const text = await controlPlane.arguments(service);
  const doors = {
    host: openHost(controlPlane.machine.root),
    juju: { state: memoryState(), log: { warning() {} } },
    kubernetes: async () => kubernetes,
  } as unknown as Doors;
  const facts = leader({ arguments: { [service]: { text, journal: undefined } } });
  const started = performance.now();
  const message = await writeArguments(
    doors,
    facts,
    { service, set, remember: {}, foreign: [], drifted: [] },
    text,
  ).then(
    () => 'it came up',
    (error: Error) => error.message,
  );
  return { message, text: await controlPlane.arguments(service), seconds: (performance.now() - started) / 1000 };
}

describe('arguments that a real program does not do its work with', () => {
  it.each<[Service & ProgramName, string, string, string]>([
    ['kube-scheduler', '--no-such-flag', '1', 'unknown flag: --no-such-flag'],
    ['kube-scheduler', '--leader-elect-renew-deadline', '40s', 'leaseDuration must be greater than renewDeadline'],
    ['kube-scheduler', '--feature-gates', 'NoSuch=true', 'unrecognized feature gate: NoSuch'],
    ['kube-controller-manager', '--tls-min-version', 'VersionTLS99', 'unknown tls version "VersionTLS99"'],
    ['kube-controller-manager', '--controllers', 'nosuch', '"nosuch" is not in the list of known controllers'],
    ['kube-controller-manager', '--bind-address', 'nowhere', 'failed to parse IP: "nowhere"'],
    ['kube-apiserver', '--service-cluster-ip-range', 'fd98::/108', 'must match public address family'],
    ['kube-apiserver', '--audit-policy-file', '/no/such', 'no such file or directory'],
    ['kube-apiserver', '--runtime-config', 'batch/v2alpha1=true', 'batch/v2alpha1'],
    // These end the controller manager only when it leads.
    [
      'kube-controller-manager',
      '--service-account-private-key-file',
      '/no/such',
      '/no/such: no such file or directory',
    ],
    ['kube-controller-manager', '--cluster-signing-cert-file', '/no/such', 'error reading CA cert file'],
  ])(
    '%s %s=%s',
    async (service, flag, value, words) => {
      const before = await controlPlane.arguments(service);
      const outcome = await change(service, { [flag]: value });
      expect(outcome.message).toContain(words);
      expect(outcome.message).toContain('the previous arguments are restored');
      expect(outcome.text).toBe(before);
      await controlPlane.ready(service);
    },
    240_000,
  );
});

it('good arguments of the controller manager are believed within half a minute: the lease of the one before is released', async () => {
  const outcome = await change('kube-controller-manager', { '--v': '3' });
  expect(outcome.message).toBe('it came up');
  expect(outcome.seconds).toBeLessThan(30);
}, 120_000);
