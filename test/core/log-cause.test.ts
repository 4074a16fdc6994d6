/** Guards which words of a service's log an operator gets to read as the cause. */

import { expect, it } from 'vitest';
import { causeIn } from '../../src/core/log-cause.ts';

it.each<[string, readonly string[], string | undefined]>([
  [
    'kubelet with a flag that it does not know',
    [
      'Started snap.k8s.kubelet.service - Service for snap application k8s.kubelet.',
      'E1201 10:00:00.000000    1234 run.go:72] "command failed" err="failed to parse kubelet flag: unknown flag: --container-runtime"',
      'snap.k8s.kubelet.service: Main process exited, code=exited, status=1/FAILURE',
      "snap.k8s.kubelet.service: Failed with result 'exit-code'.",
    ],
    'failed to parse kubelet flag: unknown flag: --container-runtime',
  ],
  [
    'a command that prints its usage afterwards',
    ['Error: unknown flag: --no-such-flag', 'Usage:', '  kube-apiserver [flags]', ''],
    'unknown flag: --no-such-flag',
  ],
  [
    'the last of several errors',
    ['E1201 10:00:00.000000 1 a.go:1] "x" err="first"', 'E1201 10:00:01.000000 1 a.go:1] "x" err="say \\"last\\""'],
    'say "last"',
  ],
  [
    'a program that panics',
    [
      'panic: leaseDuration must be greater than renewDeadline',
      '',
      'goroutine 1 [running]:',
      '\t/x/leaderelection.go:231 +0x1a5',
    ],
    'leaseDuration must be greater than renewDeadline',
  ],
  [
    'a process that ended when it led, while the next one complains of something else',
    [
      'E1201 10:00:00.000000 1 options.go:205] The manifest file is empty, ignoring.',
      'E1201 10:00:05.000000 1 controllermanager.go:278] "Error building controllers" err="open /no/such: no such file or directory"',
      'E1201 10:00:05.000000 1 reflector.go:200] "Failed to watch" err="context canceled"',
      'E1201 10:00:05.000000 1 controllermanager.go:345] "leaderelection lost/stopped"',
      'snap.k8s.kube-controller-manager.service: Main process exited, code=exited, status=1/FAILURE',
      'snap.k8s.kube-controller-manager.service: Scheduled restart job, restart counter is at 1.',
      'Started snap.k8s.kube-controller-manager.service - Service for snap application k8s.kube-controller-manager.',
      'E1201 10:00:06.000000 1 options.go:205] The manifest file is empty, ignoring.',
    ],
    'open /no/such: no such file or directory',
  ],
  [
    'a process that runs, long after another one ended by itself',
    [
      'Error: unknown flag: --gone',
      'snap.k8s.kubelet.service: Scheduled restart job, restart counter is at 1.',
      'Stopping snap.k8s.kubelet.service - Service for snap application k8s.kubelet...',
      'Started snap.k8s.kubelet.service - Service for snap application k8s.kubelet.',
      'E1201 10:00:06.000000 1 kubelet.go:1] "No container runtime" err="dial unix: no such file or directory"',
    ],
    'dial unix: no such file or directory',
  ],
  ['a plain line', ['fatal: out of luck', 'snap.k8s.etcd.service: Scheduled restart job'], 'fatal: out of luck'],
  ['nothing', ['Started snap.k8s.etcd.service'], undefined],
  ['no line at all', [], undefined],
])('of %s', (_, lines, cause) => {
  expect(causeIn(lines)).toBe(cause);
});

it('is one short line without control characters', () => {
  const cause = causeIn([`err="${'\u0007x\u001b[31m'.repeat(10_000)}"`]) ?? '';
  expect(cause.length).toBeLessThanOrEqual(240);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(cause).not.toMatch(/[\u0000-\u001f]/);
});
