/** The real programs: where the runner (`npm run test:real`) has put them, and what each is asked to see whether it is ready. */

import { join } from 'node:path';

export const PROGRAMS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** Names the folder that holds them. */
export const PROGRAMS_FOLDER = 'K8S_REAL_COMPONENTS';

/** Throws where the tests were not started by the runner. */
export function pathOf(program: ProgramName): string {
  const folder = process.env[PROGRAMS_FOLDER];
  if (folder === undefined) throw new Error(`${PROGRAMS_FOLDER} is not set: start these tests with npm run test:real`);
  return join(folder, program);
}
