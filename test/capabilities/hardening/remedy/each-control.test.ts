/**
 * Guards, for each control that the charm remedies, as the catalogues have them: it can be seen to fail, with evidence; the mode brings
 * about that it holds; and with the mode off, all is again as it was, what had been done against it included.
 */

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../src/capabilities/hardening/api-rule.ts';
import { judge } from '../../../../src/capabilities/hardening/assess.ts';
import {
  BENCHMARKS,
  type Benchmark,
  type Check,
  type Control,
} from '../../../../src/capabilities/hardening/control.ts';
import { observeNode } from '../../../../src/capabilities/hardening/observe-node.ts';
import { type FlagTest, holds } from '../../../../src/capabilities/hardening/remedy/flag-holds.ts';
import { isNeverRemedied } from '../../../../src/capabilities/hardening/remedy/never.ts';
import { controlsIn, optionsWith } from './controls.ts';
import { SimulatedNode, type Wishes } from './simulated-node.ts';

const ROLES = ['control-plane', 'worker'] as const;
type Role = (typeof ROLES)[number];

const OFF: Wishes = { options: optionsWith(), waived: [], operator: {} };

/** Those whose remedy is the charm's, without those that encryption at rest brings about. */
function remediedIn(benchmark: Benchmark, role: Role): readonly Control[] {
  return controlsIn(benchmark, role).filter(
    ({ id, remedy }) =>
      remedy.some((step) => !('policy' in step && step.policy === 'encryption-configuration')) && !isNeverRemedied(id),
  );
}

function leaves(check: Check): readonly Check[] {
  return check.type === 'all' || check.type === 'any' ? check.of.flatMap(leaves) : [check];
}

/** Gives each flag that is remedied a value that no control accepts, where there is one. */
async function sabotageArguments(node: SimulatedNode, controls: readonly Control[]): Promise<void> {
  const remedied = new Set(
    controls.flatMap(({ remedy }) =>
      remedy.flatMap((step) => Object.values(step).map(({ service, flag }) => `${service} ${flag}`)),
    ),
  );
  const tests = controls
    .flatMap(({ check }) => leaves(check))
    .filter((leaf): leaf is FlagTest => leaf.type === 'flag' || leaf.type === 'list-flag')
    .filter(({ service, flag }) => remedied.has(`${service} ${flag}`));
  for (const group of Map.groupBy(tests, ({ service, flag }) => `${service} ${flag}`).values()) {
    const [{ service, flag } = { service: 'kubelet', flag: '' } as const] = group;
    const lacking = group.flatMap((test) => (test.type === 'list-flag' ? (test.lacks ?? []) : []));
    const candidates = [null, lacking.join(',') || 'Sabotage', '0', '1', 'true', 'false', '1s', 'Sabotage'];
    const value = candidates.find((one) => group.every((test) => !holds(test, one)));
    if (value !== undefined) await node.setArgument(service, flag, value);
  }
}

/** Gives everybody every right to everything. */
async function sabotageFiles(node: SimulatedNode): Promise<void> {
  for (const path of Object.keys(await node.everything()))
    if (/^\/(?:etc\/(?:kubernetes|containerd|cni|systemd)|var\/snap\/k8s\/common\/(?:args|var))/.test(path))
      await chmod(join(node.root, path), 0o777);
}

async function verdicts(node: SimulatedNode, role: Role, controls: readonly Control[]): Promise<Map<string, Verdict>> {
  const host = { ...node.clients.host, systemd: { units: async () => undefined } };
  const facts = await observeNode(host, controls, { role, version: '1.36.4', exemptNamespaces: [] });
  return new Map(controls.map((control) => [control.id, judge(control, facts)]));
}

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ec-'));
});

afterAll(() => rm(home, { recursive: true, force: true }));

const PLACES = BENCHMARKS.flatMap((benchmark) => ROLES.map((role) => [benchmark, role] as const));

describe.each(PLACES)('%s on a %s', (benchmark, role) => {
  const controls = remediedIn(benchmark, role);
  const mode =
    benchmark === 'stig' ? { stig: true } : { cis: true, benchmark: benchmark === 'cis-1.12' ? '1.12' : '1.24' };
  const on: Wishes = { ...OFF, options: optionsWith(mode as Parameters<typeof optionsWith>[0]) };
  let before: Map<string, Verdict>;
  let during: Map<string, Verdict>;
  let sabotaged: Readonly<Record<string, string>>;
  let after: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const node = await SimulatedNode.create(await mkdtemp(join(home, 'n')), role);
    await sabotageArguments(node, controls);
    await node.dispatch(OFF);
    await sabotageFiles(node);
    sabotaged = await node.everything();
    before = await verdicts(node, role, controls);
    await node.dispatch(on);
    during = await verdicts(node, role, controls);
    await node.dispatch(OFF);
    after = await node.everything();
  });

  it.each(controls.map(({ id, title }) => [id, title] as const))('%s, %s', (id) => {
    const control = controls.find((one) => one.id === id) as Control;
    const told = before.get(id);
    if (canFail(control))
      expect([told?.state, told?.evidence.length]).toEqual([
        expect.stringMatching(/^(?:fail|manual)$/),
        expect.any(Number),
      ]);
    if (told?.state === 'fail') expect(told.evidence.length).toBeGreaterThan(0);
    expect(during.get(id)).toMatchObject({ state: 'pass' });
  });

  it('are undone to what was there, byte for byte', () => {
    expect(withoutModes(after)).toEqual(withoutModes(sabotaged));
  });
});

/** Root owns what root makes, and the oldest TLS is an option's matter, with and without a mode. */
function canFail({ check, remedy }: Control): boolean {
  const flags = remedy.flatMap((step) => Object.values(step).map(({ flag }) => flag));
  if (flags.includes('--tls-min-version')) return false;
  return leaves(check).some(
    (leaf) => leaf.type === 'file-mode' || leaf.type === 'content' || ('flag' in leaf && flags.includes(leaf.flag)),
  );
}

/** Whoever writes an argument file gives it the mode that k8sd does. */
function withoutModes(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, path.includes('/args/') ? text.slice(text.indexOf(' ')) : text]),
  );
}
