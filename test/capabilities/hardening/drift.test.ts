/** Guards what the status says of arguments that nobody has asked for, and that it says nothing of those that somebody has. */

import { expect, it } from 'vitest';
import { driftReports, type ServiceDrift } from '../../../src/capabilities/hardening/drift.ts';

const told = (drift: Partial<ServiceDrift>, hardened = true) =>
  driftReports({
    services: { kubelet: { text: '', option: 'kubelet-extra-args', kept: [], ...drift } },
    overrides: {},
    hardened,
  }).map(({ status, message }) => `${status}: ${message}`);

it.each<[string, Partial<ServiceDrift>]>([
  [
    'a file as k8sd writes it',
    { text: '--anonymous-auth="false"\n--node-labels="a=b,c=d"\n--register-with-taints=""\n' },
  ],
  ['an empty name of a file', { text: '--config=""\n' }],
  [
    'a file that an option gives, or has given until the unit has its turn',
    { text: '--config=/a\n', kept: ['--config'] },
  ],
  ['a flag twice that the next edit sets', { text: '--v=1\n--v=2\n', kept: ['--v'] }],
  ['comments and other ways to write', { text: "# by hand\n'--v=1' --read_only_port 0\n" }],
])('says nothing of %s', (_, drift) => {
  expect(told(drift)).toEqual([]);
});

it('leaves files that flags name to the operator while no mode is on', () => {
  expect(told({ text: '--config=/a\n' }, false)).toEqual([]);
  expect(told({ text: '--config=/a\n' })).toEqual([
    'blocked: kubelet: --config=/a is in /var/snap/k8s/common/args/kubelet and comes from no option: remove it there and run ' +
      'snap restart k8s.kubelet, or give it in kubelet-extra-args',
  ]);
});

it('names lines with which the service does not start, with and without a mode', () => {
  const line = '/var/snap/k8s/common/args/kubelet has "--v=1;reboot", which bash cannot read';
  expect(told({ text: '--v=1;reboot\n' }, false)).toEqual([
    `blocked: ${line}, with which the service does not start as it is meant; fix it`,
  ]);
});
