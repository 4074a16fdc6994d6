/** Guards what reports say of the modes: since when one is on, and nothing of one that is off. */
import { expect, it } from 'vitest';
import { modesOf, rememberModes } from '../../../src/capabilities/hardening/mode-memory.ts';
import type { Host } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { temporaryRoot } from '../../clients/host/folder.ts';

const NOW = { upgraded: false };
const FILE = '/var/lib/k8s-charm/modes.json';

async function hostAt(time: string, root: string): Promise<Host> {
  return { ...openHost(root), now: () => new Date(time) };
}

it('keeps the first moment of each mode while it is on, and forgets it when it is off', async () => {
  const root = await temporaryRoot();
  await rememberModes(await hostAt('2026-11-23T10:00:00.123Z', root), { cis: true, stig: false }, NOW);
  const later = await hostAt('2026-12-01T10:00:00Z', root);
  await rememberModes(later, { cis: true, stig: true }, NOW);
  expect(await modesOf(later, { cis: true, stig: true })).toEqual({
    cis: { on: true, since: '2026-11-23T10:00:00Z' },
    stig: { on: true, since: '2026-12-01T10:00:00Z' },
  });
  await rememberModes(later, { cis: false, stig: false }, NOW);
  expect(await later.files.read(FILE)).toBeUndefined();
  expect(await modesOf(later, { cis: true, stig: false })).toEqual({ cis: { on: true }, stig: { on: false } });
});

it.each(['', 'null', '[]', '{"cis": {"toString": null}}', '{"cis": "yesterday"}'])(
  'takes nothing from a file that says %j',
  async (text) => {
    const host = await hostAt('2026-12-01T10:00:00Z', await temporaryRoot());
    await host.files.write(FILE, text, { mode: 0o600 });
    expect(await modesOf(host, { cis: true, stig: false })).toEqual({ cis: { on: true }, stig: { on: false } });
    await rememberModes(host, { cis: true, stig: false }, NOW);
    expect((await modesOf(host, { cis: true, stig: false })).cis.since).toBe('2026-12-01T10:00:00Z');
  },
);

it('says of no mode that was on before a refresh of the charm that it has been on since then', async () => {
  const root = await temporaryRoot();
  const refreshed = await hostAt('2026-12-01T10:00:00Z', root);
  await rememberModes(refreshed, { cis: true, stig: false }, { upgraded: true });
  const later = await hostAt('2026-12-02T10:00:00Z', root);
  await rememberModes(later, { cis: true, stig: true }, NOW);
  expect(await modesOf(later, { cis: true, stig: true })).toEqual({
    cis: { on: true },
    stig: { on: true, since: '2026-12-02T10:00:00Z' },
  });
  await rememberModes(later, { cis: true, stig: true }, { upgraded: true });
  expect((await modesOf(later, { cis: true, stig: true })).stig.since).toBe('2026-12-02T10:00:00Z');
});
