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
