/**
 * Guards that what hardening changes on a node is given back, byte for byte: in every order of the modes, with waivers, with arguments of
 * the operator's that touch the same flags, through refreshes of the snap, and with dispatches that end before Juju has committed them.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CIS_BENCHMARKS } from '../../../../src/capabilities/hardening/declared-options.ts';
import { forgetRemedies } from '../../../../src/capabilities/hardening/remedy/apply.ts';
import type { ExtraArguments } from '../../../../src/core/services.ts';
import { controlsIn, optionsWith } from './controls.ts';
import { KUBELET_UNIT, SimulatedNode, type Wishes } from './simulated-node.ts';

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gb-'));
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function newNode(): Promise<SimulatedNode> {
  return SimulatedNode.create(await mkdtemp(join(home, 'n')));
}

const NOTHING: Wishes = { options: optionsWith(), waived: [], operator: {} };

const IDS = [
  ...new Set(
    (['cis-1.12', 'cis-1.24', 'stig'] as const).flatMap((benchmark) =>
      controlsIn(benchmark, 'control-plane')
        .filter(({ remedy }) => remedy.length > 0)
        .map(({ id }) => id),
    ),
  ),
];

const apiServerArguments: fc.Arbitrary<ExtraArguments> = fc.record(
  {
    '--enable-admission-plugins': fc.constantFrom(
      'PodNodeSelector',
      'AlwaysAdmit,NodeRestriction',
      'EventRateLimit',
      null,
    ),
    '--audit-log-maxage': fc.constantFrom('7', '60', null),
    '--profiling': fc.constantFrom('true', 'false', null),
    '--request-timeout': fc.constantFrom('0', '30s', null),
    '--token-auth-file': fc.constant('/tokens'),
    '--feature-gates': fc.constantFrom('AllAlpha=true,Other=true', 'Other=false'),
    '--tls-min-version': fc.constantFrom('VersionTLS10', 'VersionTLS12', null),
    '--admission-control-config-file': fc.constant('/mine.yaml'),
  },
  { requiredKeys: [] },
);

const kubeletArguments: fc.Arbitrary<ExtraArguments> = fc.record(
  {
    '--pod-max-pids': fc.constantFrom('100', null),
    '--anonymous-auth': fc.constantFrom('true', null),
    '--streaming-connection-idle-timeout': fc.constantFrom('1m', '10m'),
    '--hostname-override': fc.constant('other'),
    '--protect-kernel-defaults': fc.constant('false'),
  },
  { requiredKeys: [] },
);

const wishes: fc.Arbitrary<Wishes> = fc
  .record({
    cis: fc.boolean(),
    stig: fc.boolean(),
    benchmark: fc.constantFrom(...CIS_BENCHMARKS),
    tlsMinVersion: fc.constantFrom('1.2' as const, '1.3' as const),
    podMaxPids: fc.constantFrom(undefined, 500),
    podSecurity: fc.constantFrom(undefined, 'restricted' as const),
    auditPolicy: fc.constantFrom('', 'kind: Policy'),
    waived: fc.subarray(IDS, { maxLength: 12 }),
    apiServer: apiServerArguments,
    kubelet: kubeletArguments,
  })
  .map(({ waived, apiServer, kubelet, podSecurity, auditPolicy, ...set }) => ({
    options: optionsWith(set, { podSecurity, auditPolicy }),
    waived,
    operator: { 'kube-apiserver': apiServer, kubelet },
  }));

const step = fc.record({
  wishes,
  /** A dispatch that Juju does not hear of: it is run again with whatever is wished next. */
  commits: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  refreshed: fc.boolean(),
});

describe('whatever was asked for in between', () => {
  it('all is as before when nothing is asked for any more', { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      const node = await newNode();
      await node.dispatch(NOTHING);
      const before = await node.everything();
      const committed = node.committed;
      for (const { wishes: wished, commits, refreshed } of steps) {
        await node.dispatch(wished, commits);
        // snapd writes the files of units anew.
        if (refreshed) await node.write(KUBELET_UNIT, `${KUBELET_UNIT}\n`, 0o644);
      }
      await node.dispatch(NOTHING);
      expect(await node.everything()).toEqual(before);
      expect(node.committed).toEqual(committed);
      expect((await node.dispatch(NOTHING)).restarts).toEqual([]);
      await node.remove('/');
    });
    await fc.assert(property, { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 15) });
  });

  it('the same wishes lead to the same node, and to nothing more the second time', { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(wishes, wishes, async (first, second) => {
      const [direct, detour] = [await newNode(), await newNode()];
      await direct.dispatch(second);
      await detour.dispatch(first);
      await detour.dispatch(second);
      expect(await detour.everything()).toEqual(await direct.everything());
      expect(await detour.dispatch(second)).toMatchObject({ restarts: [], warnings: [] });
      await Promise.all([direct.remove('/'), detour.remove('/')]);
    });
    await fc.assert(property, { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 10) });
  });
});

it('what somebody has set by hand before, and a mode finds good, is kept by the mode and when it goes', async () => {
  const node = await newNode();
  await node.setArgument('kube-apiserver', '--audit-log-maxage', '60');
  await node.setArgument('kubelet', '--streaming-connection-idle-timeout', '10m');
  const before = await node.everything();
  await node.dispatch({ ...NOTHING, options: optionsWith({ cis: true, stig: true }) });
  expect(await node.arguments('kube-apiserver')).toMatchObject({ '--audit-log-maxage': '60' });
  expect(await node.arguments('kubelet')).toMatchObject({ '--streaming-connection-idle-timeout': '10m' });
  await node.dispatch({ ...NOTHING, options: optionsWith({ tlsMinVersion: '1.2' }) });
  expect(await node.everything()).toEqual(before);
});

describe('what somebody else has changed meanwhile', () => {
  const hardened: Wishes = { ...NOTHING, options: optionsWith({ cis: true, stig: true }) };

  it('is set again, and told, while a mode is on', async () => {
    const node = await newNode();
    await node.dispatch(NOTHING);
    const before = await node.everything();
    await node.dispatch(hardened);
    const after = await node.everything();
    await node.write(KUBELET_UNIT, `${KUBELET_UNIT}\n`, 0o644);
    await node.write('/proc/sys/kernel/panic', '0\n', 0o644);
    const { warnings } = await node.dispatch(hardened);
    expect(warnings).toEqual([expect.stringContaining(`${KUBELET_UNIT} has been changed by somebody else since`)]);
    expect(await node.everything()).toEqual(after);
    await node.dispatch(NOTHING);
    expect(await node.everything()).toEqual(before);
  });

  it('is left alone, and told, when the mode is turned off', async () => {
    const node = await newNode();
    await node.dispatch(hardened);
    await node.write('/etc/kubernetes/proxy.conf', 'another\n', 0o640);
    await node.write('/etc/sysctl.d/99-kubelet.conf', 'kernel.panic=5\n', 0o600);
    await node.write('/proc/sys/kernel/panic', '5\n', 0o644);
    const { warnings } = await node.dispatch(NOTHING);
    const everything = await node.everything();
    expect(everything['/etc/kubernetes/proxy.conf']).toMatch(/^640 .* another/);
    expect(everything['/etc/sysctl.d/99-kubelet.conf']).toMatch(/^600 .* kernel.panic=5/);
    expect(everything['/proc/sys/kernel/panic']).toMatch(/ 5\n$/);
    expect(everything['/proc/sys/vm/overcommit_memory']).toMatch(/ 0\n$/);
    expect(warnings.join('\n')).toMatch(/kernel\.panic has been changed by somebody else.*left as it is/);
    expect(warnings.join('\n')).toMatch(/proxy\.conf has been changed by somebody else.*left as it is/);
    expect((await node.dispatch(NOTHING)).warnings).toEqual([]);
  });

  it("is left alone, too, when the snap goes with its node; what is the machine's own comes back", async () => {
    const node = await newNode();
    const before = await node.everything();
    await node.dispatch(hardened);
    await node.write('/proc/sys/kernel/panic_on_oops', '7\n', 0o644);
    await forgetRemedies(node.clients);
    const after = await node.everything();
    expect(after['/proc/sys/kernel/panic']).toBe(before['/proc/sys/kernel/panic']);
    expect(after['/proc/sys/vm/overcommit_memory']).toBe(before['/proc/sys/vm/overcommit_memory']);
    expect(after['/proc/sys/kernel/panic_on_oops']).toMatch(/ 7\n$/);
    expect(after).not.toHaveProperty('/etc/sysctl.d/99-kubelet.conf');
    expect(await node.clients.juju.state.entries('hardening/')).toEqual({});
  });

  it('a file of kernel parameters that was there before comes back', async () => {
    const node = await newNode();
    await node.write('/etc/sysctl.d/99-kubelet.conf', '# mine\nvm.swappiness=1\n', 0o644);
    await node.dispatch(NOTHING);
    const before = await node.everything();
    await node.dispatch(hardened);
    expect((await node.everything())['/etc/sysctl.d/99-kubelet.conf']).toContain('kernel.panic=10');
    await node.dispatch(NOTHING);
    expect(await node.everything()).toEqual(before);
  });
});
