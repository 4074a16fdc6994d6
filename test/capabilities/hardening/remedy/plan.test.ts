/** Guards the order of things, and what has to be so before a node is touched: room for the audit log, a kernel that can be set. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyRemedy } from '../../../../src/capabilities/hardening/remedy/apply.ts';
import { describeRemedy } from '../../../../src/capabilities/hardening/remedy/change.ts';
import type { Clients } from '../../../../src/capabilities/hardening/remedy/clients.ts';
import { type Demands, NO_DEMANDS } from '../../../../src/capabilities/hardening/remedy/demands.ts';
import type { RemedyFacts } from '../../../../src/capabilities/hardening/remedy/facts.ts';
import { contraryLine, kernelFile } from '../../../../src/capabilities/hardening/remedy/kernel-file.ts';
import { NOTHING_REMEMBERED } from '../../../../src/capabilities/hardening/remedy/memory.ts';
import { observeRemedies } from '../../../../src/capabilities/hardening/remedy/observe.ts';
import { planRemedies } from '../../../../src/capabilities/hardening/remedy/plan.ts';
import { controlsIn, demandsWith, optionsWith } from './controls.ts';
import { SimulatedNode } from './simulated-node.ts';

const NOW = {
  'vm.overcommit_memory': '0',
  'vm.panic_on_oom': '0',
  'kernel.panic': '0',
  'kernel.panic_on_oops': '0',
  'kernel.keys.root_maxkeys': '1000000',
  'kernel.keys.root_maxbytes': '25000000',
};
const STIG = demandsWith(optionsWith({ stig: true }));
const WANTED = STIG.kernel?.values ?? {};
const KERNEL = {
  values: Object.fromEntries(Object.entries(NOW).map(([key, was]) => [key, { was, is: WANTED[key] ?? '' }])),
  file: { was: null, is: kernelFile(WANTED) },
};

/** A node on which the STIG's demands are kept, but for what a test says. */
function facts(more: Partial<RemedyFacts> = {}): RemedyFacts {
  const memory = { files: {}, kernel: KERNEL };
  return {
    demands: STIG,
    committed: memory,
    memory,
    files: new Map(),
    modes: new Map(),
    owners: new Map(),
    policies: new Map(STIG.policies.map(({ path, content }) => [path, content])),
    strays: [],
    kernel: WANTED,
    kernelFile: kernelFile(WANTED),
    protectsKernel: true,
    rebootPending: false,
    freeForAudit: undefined,
    auditFolder: true,
    ...more,
  };
}

const fresh: Partial<RemedyFacts> = {
  committed: NOTHING_REMEMBERED,
  memory: NOTHING_REMEMBERED,
  kernel: NOW,
  kernelFile: undefined,
  protectsKernel: false,
};

describe('arguments may change', () => {
  it('when all is in place', () => {
    expect(planRemedies(facts())).toEqual({ changes: [], reports: [], ready: true });
  });

  it.each<[string, Partial<RemedyFacts>]>([
    ['a policy file is missing', { policies: new Map() }],
    [
      'somebody has written something else into a policy file',
      { policies: new Map(STIG.policies.map(({ path }) => [path, 'x'])) },
    ],
    ['the folder of the audit log is missing', { auditFolder: false }],
    ['the kernel is not as kubelet is going to want it', fresh],
    ['there is no room for the audit log', { freeForAudit: 1_100 * 1_048_576 - 1 }],
  ])('not while %s', (_, more) => {
    expect(planRemedies(facts(more)).ready).toBe(false);
  });

  it('while there is room for the audit log, just so', () => {
    expect(planRemedies(facts({ freeForAudit: 1_100 * 1_048_576 }))).toMatchObject({ ready: true, reports: [] });
  });

  it('while files of before are cleared away, and modes are set', () => {
    const status = { mode: 0o644, uid: 0, gid: 0, kind: 'file' } as const;
    const { changes, ready } = planRemedies(
      facts({ strays: ['/x'], files: new Map([['/f', status]]), modes: new Map([['/f', 0o600]]) }),
    );
    expect(changes.map(describeRemedy)).toEqual(['remove /x, which nothing names any more', 'set mode 600 on /f']);
    expect(ready).toBe(true);
  });
});

describe('a machine that waits for a reboot', () => {
  it('is not tuned, and says why', () => {
    expect(planRemedies(facts({ ...fresh, rebootPending: true }))).toEqual({
      changes: [],
      reports: [{ status: 'blocked', message: expect.stringMatching(/^stig-mode: the machine waits for a reboot/) }],
      ready: false,
    });
  });
});

describe('a kernel', () => {
  it('that others have set right already is left so, and remembered as it was', () => {
    const { changes } = planRemedies(facts({ ...fresh, kernel: WANTED }));
    expect(changes).toMatchObject([{ kind: 'tune-kernel', write: {} }]);
    expect(changes[0]).toMatchObject({ remember: { values: { 'kernel.panic': { was: '10', is: '10' } } } });
  });

  it('is given back only when kubelet no longer insists on it', () => {
    const off = { demands: demandsWith(optionsWith()), policies: new Map() };
    expect(planRemedies(facts(off)).changes).toEqual([]);
    const { changes } = planRemedies(facts({ ...off, protectsKernel: false }));
    expect(changes).toMatchObject([
      {
        kind: 'restore-kernel',
        write: { 'vm.overcommit_memory': '0', 'kernel.panic': '0', 'kernel.panic_on_oops': '0' },
        file: null,
      },
    ]);
  });
});

describe('a line of another file', () => {
  it.each<[string, string | undefined]>([
    ['kernel.panic = 5', 'kernel.panic=5'],
    ['-kernel/panic=5', 'kernel/panic=5'],
    ['kernel.panic=10', undefined],
    ['# kernel.panic=5', undefined],
    ['; kernel.panic=5', undefined],
    ['net.ipv4.ip_forward=1', undefined],
  ])('%j is contrary or not', (line, expected) => {
    expect(contraryLine(`\n${line}\n`, { 'kernel.panic': '10' })).toBe(expected);
  });
});

describe('what a service may have to go back to when it does not come up with its new arguments', () => {
  let home: string;
  let node: SimulatedNode;
  const policy = '/var/snap/k8s/common/etc/k8s-charm/audit-policy-0123456789ab.yaml';
  const former = {
    'kube-apiserver': { '--audit-policy-file': policy },
    kubelet: { '--protect-kernel-defaults': 'true' },
  };

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'rp-'));
    node = await SimulatedNode.create(home);
    await node.write(policy, 'kind: Policy\n', 0o600);
  });

  afterAll(() => rm(home, { recursive: true, force: true }));

  it.each([
    ['stays until it is seen running', former, [], true],
    ['goes afterwards', {}, [policy], false],
  ])('%s', async (_, before, strays, protectsKernel) => {
    const seen = await observeRemedies(node.clients, { exists: true, present: {}, former: before }, NO_DEMANDS);
    expect(seen).toMatchObject({ strays, protectsKernel });
  });
});

describe('a reboot that a machine waits for', () => {
  let home: string;
  let node: SimulatedNode;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'rp-'));
    node = await SimulatedNode.create(home);
    await node.clients.host.files.write('/run/reboot-required', '*** System restart required ***\n', { mode: 0o644 });
  });

  afterAll(() => rm(home, { recursive: true, force: true }));

  it.each<[string, boolean, Demands, boolean]>([
    ['matters before the kernel of a node is tuned', true, STIG, true],
    ['does not matter while there is no node', false, STIG, false],
    ['does not matter when nobody asks for a tuned kernel', true, NO_DEMANDS, false],
  ])('%s', async (_, exists, demands, pending) => {
    const seen = await observeRemedies(node.clients, { exists, present: {}, former: {} }, demands);
    expect(seen.rebootPending).toBe(pending);
  });
});

describe('what an operator has to do first', () => {
  let home: string;
  let node: SimulatedNode;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'rp-'));
    node = await SimulatedNode.create(home);
  });

  afterAll(() => rm(home, { recursive: true, force: true }));

  const tune = {
    kind: 'tune-kernel',
    wanted: WANTED,
    write: { 'kernel.panic': '10' },
    file: kernelFile(WANTED),
    askers: 'stig-mode',
    controls: ['V-242434'],
    remember: KERNEL,
  } as const;

  it('is told where a container does not let the kernel be set, and nothing says that it is', async () => {
    const { host, juju } = node.clients;
    const sealed = {
      ...host,
      sysctl: {
        ...host.sysctl,
        write: async () => {
          throw Object.assign(new Error('read-only'), { code: 'EROFS' });
        },
      },
    };
    await expect(applyRemedy({ host: sealed, juju } as Clients, tune)).rejects.toThrow(
      'stig-mode: the kernel parameter kernel.panic is 0 and cannot be set to 10 here (EROFS), as in a container; set it on the host, ' +
        'or name V-242434 in hardening-waivers',
    );
    expect(await host.files.read('/etc/sysctl.d/99-kubelet.conf')).toBeUndefined();
  });

  it.each([
    ['/etc/sysctl.conf', true],
    ['/etc/sysctl.d/99-zz.conf', true],
    ['/usr/lib/sysctl.d/99-protect.conf', true],
    ['/etc/sysctl.d/10-kernel.conf', false],
    ['/etc/sysctl.d/99-zz.conf.bak', false],
  ])('is told where %s would undo it at the next boot: %j', async (path, undoes) => {
    await node.write(path, 'kernel.panic=0\n', 0o644);
    const outcome = await applyRemedy(node.clients, tune).then(
      () => 'done',
      (error: Error) => error.message,
    );
    if (undoes)
      expect(outcome).toContain(`stig-mode: ${path} sets kernel.panic=0, which would undo it at the next boot`);
    else expect(outcome).toBe('done');
    await node.remove(path);
  });
});

it('every remedy of the catalogues is a step that can be carried out', () => {
  for (const benchmark of ['cis-1.12', 'cis-1.24', 'stig'] as const)
    for (const role of ['control-plane', 'worker'] as const)
      expect(controlsIn(benchmark, role).length).toBeGreaterThan(10);
  expect(() => demandsWith(optionsWith({ cis: true, stig: true }))).not.toThrow();
  expect(() =>
    demandsWith(optionsWith({ cis: true, stig: true, benchmark: '1.24' }), { role: 'worker' }),
  ).not.toThrow();
});
