/** What has to be known of files before it is decided which flags of a service are asked for: which are missing, and what others say instead. */

import type { Host } from '../../../clients/host/host.ts';
import type { HardenedService } from '../control.ts';
import { effectiveFlags } from '../effective-flags.ts';
import { missingAmong } from '../observe-node.ts';
import { readPolicy } from '../observe-policy.ts';
import type { FlagDemand } from './demands.ts';
import type { ServiceBase } from './wanted-arguments.ts';

type Given = Pick<ServiceBase, 'operator' | 'untouched'>;

/** @returns the base with what its files say. */
export async function observeBase<T extends Given>(
  host: Host,
  service: HardenedService,
  base: T,
  demands: readonly FlagDemand[],
): Promise<T & Required<Pick<ServiceBase, 'missing' | 'replaced'>>> {
  const naming = demands.filter(
    (demand) => demand.service === service && 'set' in demand.wish && isPath(demand.wish.set),
  );
  const paths = naming.flatMap(({ flag }) => [base.operator[flag], base.untouched[flag]]).filter(isPath);
  const [missing, replaced] = await Promise.all([
    missingAmong(host, [...new Set(paths)]),
    service === 'kube-apiserver' ? replacedBy(host, base) : [],
  ]);
  return { ...base, missing: new Set(missing), replaced: new Set(replaced) };
}

function isPath(value: string | null | undefined): value is string {
  return value?.startsWith('/') === true && !/[\0\n]/.test(value);
}

const STRUCTURED = ['--authorization-config', '--authentication-config'];

/** Beside a structured configuration the API server does not start with a flag that says the same. */
async function replacedBy(host: Host, { operator, untouched }: Given): Promise<readonly string[]> {
  const named = STRUCTURED.flatMap((flag) => {
    const path = flag in operator ? operator[flag] : untouched[flag];
    return isPath(path) ? [[flag, path] as const] : [];
  });
  if (named.length === 0) return [];
  const policies = await Promise.all(named.map(async ([, path]) => [path, await readPolicy(host, path)] as const));
  return Object.keys(effectiveFlags('kube-apiserver', Object.fromEntries(named), Object.fromEntries(policies)).origins);
}
