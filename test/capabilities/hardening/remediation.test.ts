/** Guards that a report names the option or command of the charms before what would have to be done by hand. */
import { describe, expect, it } from 'vitest';
import { readCatalogues } from '../../../scripts/catalogues/read.ts';
import { controlsOf } from '../../../src/capabilities/hardening/catalogue.ts';
import type { Benchmark, Control } from '../../../src/capabilities/hardening/control.ts';
import type { FindingState } from '../../../src/capabilities/hardening/finding.ts';
import { remediationOf } from '../../../src/capabilities/hardening/remediation.ts';
import { ON_UNIT } from './subject.ts';

const catalogues = await readCatalogues();

function control(id: string): Control {
  const all = [...catalogues.cis.controls, ...catalogues.stig.controls];
  return all.find((one) => one.id === id) ?? expect.fail(`no control ${id}`);
}

function remediation(id: string, given: { benchmark?: Benchmark; on?: boolean; state?: FindingState } = {}): string {
  const { benchmark = 'cis-1.12', on = false, state = 'fail' } = given;
  return remediationOf(control(id), state, { ...ON_UNIT, benchmark, mode: { on } });
}

describe('what to do', () => {
  it('is to turn the mode on that does it', () => {
    expect(remediation('kube-apiserver-audit-log-path')).toMatch(
      /^juju config k8s cis-mode=true sets this .*\(restarts kube-apiserver\)\. /,
    );
    expect(remediation('V-242402', { benchmark: 'stig' })).toMatch(/^juju config k8s stig-mode=true /);
  });

  it('is to look for the reason where the mode is on already', () => {
    expect(remediation('kube-apiserver-audit-log-path', { on: true })).toMatch(
      /^cis-mode is on and sets this; if it stays, "juju run k8s\/0 plan" shows what prevents it\./,
    );
  });

  it('is the level of Pod Security where no mode enforces one', () => {
    expect(remediation('pods-privileged')).toMatch(/^juju config k8s pod-security=baseline /);
    expect(remediation('pods-root')).toMatch(/^juju config k8s pod-security=restricted /);
  });

  it('is the command that restarts a service', () => {
    expect(remediation('kube-apiserver-profiling', { state: 'pending-restart' })).toBe(
      'Restart kube-apiserver: juju exec --unit k8s/0 -- snap restart k8s.kube-apiserver',
    );
  });

  it('names a command for each control that a mode brings about, in each benchmark', () => {
    for (const benchmark of ['cis-1.12', 'cis-1.24', 'stig'] as const) {
      const catalogue = benchmark === 'stig' ? catalogues.stig : catalogues.cis;
      const done = controlsOf(catalogue, benchmark).filter(({ remedy }) => remedy.length > 0);
      expect(done.length).toBeGreaterThan(50);
      for (const { id } of done)
        expect(remediation(id, { benchmark })).toMatch(/^juju config k8s (cis|stig)-mode=true /);
    }
  });
});
