/**
 * Whether the components behind a test are stand-ins or the real programs: `npm test` runs such tests on the ones, `npm run test:real` the
 * same files on the others, so that a stand-in that is laxer than what it stands for fails.
 */

import type { Delays } from './delays.ts';
import type { OpenOptions } from './machines.ts';

/** `real` where the runner of the real components says so. */
export const TESTS_ON = 'K8S_TESTS_ON';

export const onReal = process.env[TESTS_ON] === 'real';

/** For `openMachines`. Real ones are not asked ten times a second. */
export async function components(delays: Partial<Delays> = {}): Promise<Omit<OpenOptions, 'directory'>> {
  if (!onReal) return { delays };
  const [{ realPrograms }, { realApi }] = await Promise.all([
    import('../../real/on-machine.ts'),
    import('../../real/api.ts'),
  ]);
  const { programs } = realPrograms(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']);
  return { programs, realApi, delays: { ...delays, heartbeat: 500 } };
}
