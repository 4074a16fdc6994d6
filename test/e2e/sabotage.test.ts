/**
 * Guards a hardened control plane on which all hands were laid at once, by the packed charm: the API server comes up again with the arguments
 * that were healthy, what can be repaired is, and what is not is named by the status.
 */

import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployCluster, openCluster, settleUntil, type TestCluster, toldBy } from './cluster.ts';
import { argumentText, machineOf, runningArguments } from './nodes.ts';

const UNIT = 'k8s/0';
const API = 'kube-apiserver';
const ARGS = '/var/snap/k8s/common/args';
const DROP_IN = '/etc/systemd/system/snap.k8s.kubelet.service.d/evil.conf';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster({ delays: { argumentsCheck: 600_000, restartGap: 300 } });
  const modes = { 'cis-mode': true, 'stig-mode': true };
  await deployCluster(cluster, { controlPlanes: 1, workers: 0 }, { 'encryption-at-rest': 'aescbc', ...modes });
}, 300_000);

afterAll(() => cluster.close());

async function line(service: string, edit: (text: string) => string): Promise<void> {
  const { files } = machineOf(cluster, UNIT);
  await files.write(`${ARGS}/${service}`, edit(await argumentText(cluster, UNIT, service)), 0o600);
}

it('comes up as it was hardened, with the rest of it named', { timeout: 300_000 }, async () => {
  const { model } = cluster;
  const { files, root } = machineOf(cluster, UNIT);
  expect(toldBy(model, UNIT)).toMatch(/^active: Ready; CIS node (\d+)\/\1; STIG node (\d+)\/\2$/);
  const hardened = runningArguments(cluster, UNIT, API);
  // An edit of the charm's own, after which it has seen the API server healthy.
  await model.configure('k8s', { 'kube-apiserver-extra-args': 'v=3' });
  await settleUntil(model, () => runningArguments(cluster, UNIT, API)?.['--v'] === '3');

  const admission = hardened?.['--admission-control-config-file'] ?? '';
  await line(API, (text) => `--authorization-mode=AlwaysAllow\n--enable-admission-plugins=AlwaysAdmit\nstray\n${text}`);
  await line(API, (text) =>
    text.replace(/--anonymous-auth=.*/, '--anonymous_auth true').replace(/--profiling=.*\n/, ''),
  );
  await line('kubelet', (text) => `${text}--config-dir=/etc/kubernetes/kubelet.d\n`);
  await files.write(
    '/etc/kubernetes/kubelet.d/10-evil.conf',
    'kind: KubeletConfiguration\nmakeIPTablesUtilChains: false\n',
    0o644,
  );
  await files.write(DROP_IN, '[Service]\nExecStart=\nExecStart=/evil\n', 0o666);
  await files.remove(admission);
  await chmod(join(root, '/etc/kubernetes/pki'), 0o777);
  await files.write('/proc/sys/vm/overcommit_memory', '0\n', 0o644);
  model.updateStatus();
  await settleUntil(model, () => toldBy(model, UNIT).includes('evil.conf'));

  expect(runningArguments(cluster, UNIT, API)).toEqual({ ...hardened, '--v': '3' });
  const told = toldBy(model, UNIT);
  expect(told).toMatch(/^blocked: /);
  expect(told).toContain(`${DROP_IN} overrides how kubelet is started: remove it`);
  expect(told).toMatch(/; \d more: juju run k8s\/0 plan$/);
  const { results } = await model.run(UNIT, 'plan');
  expect(results['reports']).toContain('kubelet: --config-dir=/etc/kubernetes/kubelet.d is in');
  expect(results['reports']).toContain('4.2.6 does not hold though the mode is on');
  expect(await files.exists(admission)).toBe(true);
  const log = model
    .log()
    .map(({ message }) => message)
    .join('\n');
  expect(log).toMatch(
    /those that somebody else had left are in \/var\/lib\/k8s-charm\/arguments\/kube-apiserver\.by-hand/,
  );
  expect(await files.need('/var/lib/k8s-charm/arguments/kube-apiserver.by-hand')).toContain('stray');

  await files.remove(DROP_IN);
  await line('kubelet', (text) => text.replace(/--config-dir=.*\n/, ''));
  model.updateStatus();
  await settleUntil(model, () => toldBy(model, UNIT).startsWith('active'));
  expect(toldBy(model, UNIT)).toMatch(/^active: Ready; CIS node (\d+)\/\1; STIG node (\d+)\/\2$/);
});
