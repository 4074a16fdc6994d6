/** Guards to what a service goes back that does not come up: what it was last seen running with, on real files. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeArguments } from '../../src/cluster/apply-arguments.ts';
import type { Doors } from '../../src/cluster/doors.ts';
import type { ArgumentsJournal } from '../../src/cluster/facts.ts';
import { ChangeUndone } from '../../src/cluster/outcome.ts';
import { SnapdError } from '../../src/host/errors.ts';
import { openHost } from '../../src/host/open-host.ts';
import { memoryState } from '../hardening/state.ts';
import { leader } from './facts.ts';

const FILE = '/var/snap/k8s/common/args/kube-apiserver';
const RAN = '--v="1"\n';
const NEVER_RAN = '--v="bad"\n';

it.each([
  ['what stood there', true, NEVER_RAN],
  ['what stood there before an edit that was never tried', false, RAN],
])('goes back to %s', async (_, finished, expected) => {
  const root = await mkdtemp(join(tmpdir(), 'aa-'));
  try {
    const host = openHost(root);
    await mkdir(join(root, '/var/snap/k8s/common/args'), { recursive: true });
    await host.files.write(FILE, NEVER_RAN, { mode: 0o600 });
    const snapd = {
      services: async () => [{ name: 'kube-apiserver', active: true, enabled: true }],
      restart: async () => Promise.reject(new SnapdError('change-failed', 'it ends at once')),
    };
    const doors = { host: { ...host, snapd }, juju: { state: memoryState() } } as unknown as Doors;
    const journal: ArgumentsJournal = { before: RAN, after: NEVER_RAN, remembered: {}, remember: {}, finished };
    const facts = leader({ arguments: { 'kube-apiserver': { text: NEVER_RAN, journal } } });
    const change = {
      service: 'kube-apiserver',
      set: { '--v': 'worse' },
      remember: { '--v': { was: '1', is: 'worse', by: 'cis-mode' } },
      foreign: [],
      drifted: [],
    } as const;
    const attempt = writeArguments(doors, facts, change, NEVER_RAN);
    await expect(attempt).rejects.toThrow('cis-mode: kube-apiserver did not come up with --v=worse');
    await expect(attempt).rejects.toBeInstanceOf(ChangeUndone);
    expect(await host.files.read(FILE)).toBe(expected);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
