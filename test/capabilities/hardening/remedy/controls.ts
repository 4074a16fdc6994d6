/** The catalogues and policies as they are shipped, and what options ask for with them. */

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Catalogue, controlsOf } from '../../../../src/capabilities/hardening/catalogue.ts';
import type { Benchmark, Control } from '../../../../src/capabilities/hardening/control.ts';
import type { HardeningOptions } from '../../../../src/capabilities/hardening/options.ts';
import { type Demands, demandsOf } from '../../../../src/capabilities/hardening/remedy/demands.ts';

const catalogues = {
  cis: parse(readFileSync('charm/hardening/cis.yaml', 'utf8')) as Catalogue,
  stig: parse(readFileSync('charm/hardening/stig.yaml', 'utf8')) as Catalogue,
};

export const SHIPPED = {
  auditCis: readFileSync('charm/policies/audit-policy-cis.yaml', 'utf8'),
  auditStig: readFileSync('charm/policies/audit-policy-stig.yaml', 'utf8'),
};

/** The options of a control plane, unless another one is asked for. */
export function optionsWith(set: Partial<HardeningOptions> = {}, api: object = {}): HardeningOptions {
  return {
    cis: false,
    stig: false,
    benchmark: '1.12',
    waivers: [],
    podMaxPids: undefined,
    tlsMinVersion: '1.3',
    api: {
      auditPolicy: '',
      auditLog: { path: '/var/log/kubernetes/audit.log', maxAge: 30, maxBackup: 10, maxSize: 100 },
      podSecurity: undefined,
      exemptNamespaces: [],
      rateLimits: undefined,
      ...api,
    },
    ...set,
  };
}

export function controlsIn(benchmark: Benchmark, role: 'control-plane' | 'worker'): readonly Control[] {
  return controlsOf(catalogues[benchmark === 'stig' ? 'stig' : 'cis'], benchmark, [role]);
}

export function demandsWith(
  options: HardeningOptions,
  {
    role = 'control-plane',
    etcd = role === 'control-plane',
    waived = [],
  }: { role?: 'control-plane' | 'worker'; etcd?: boolean; waived?: readonly string[] } = {},
): Demands {
  const of = (on: boolean, benchmark: Benchmark) =>
    on ? controlsIn(benchmark, role).filter(({ id }) => !waived.includes(id)) : [];
  return demandsOf({
    options: role === 'worker' ? { ...options, api: undefined } : options,
    role,
    cis: of(options.cis, `cis-${options.benchmark}`),
    stig: of(options.stig, 'stig'),
    etcd,
    shipped: SHIPPED,
  });
}
