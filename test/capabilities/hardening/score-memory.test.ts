/** Guards that a score is counted anew when anything has changed that it was counted over, and only then. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCatalogues } from '../../../scripts/catalogues/read.ts';
import { observeNode } from '../../../src/capabilities/hardening/observe-node.ts';
import { forgetScore, recallScore, rememberScore } from '../../../src/capabilities/hardening/score-memory.ts';
import type { Host } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { bootstrapped, discard, eventually, newMachines } from '../../standins/machines/ask.ts';
import type { NodeMachine } from '../../standins/machines/machines.ts';
import { paths } from '../../standins/machines/node/paths.ts';

const { cis, stig } = await readCatalogues();
const controls = [...cis.controls, ...stig.controls];
const MESSAGES = ['CIS 75/92'];

let machines: Awaited<ReturnType<typeof newMachines>>;
let machine: NodeMachine;
let host: Host;
beforeAll(async () => {
  machines = await newMachines();
  machine = await bootstrapped(machines, '0');
  host = openHost(machine.root);
  // After a bootstrap the controllers of features still write files and restart services for a while.
  await eventually(async () => {
    await count();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return recallScore(host, 'key');
  }, 20_000);
});
afterAll(() => discard(machines));

beforeEach(count);

async function count(): Promise<void> {
  const facts = await observeNode(host, controls, { role: 'control-plane', version: '1.36.4', exemptNamespaces: [] });
  await rememberScore(host, 'key', controls, facts, MESSAGES);
}

describe('a score is remembered', () => {
  it('while nothing changes, also when data does that says nothing of a control', async () => {
    expect(await recallScore(host, 'key')).toEqual(MESSAGES);
    await machine.files.write(`${paths.etcdData}/member/snap/db`, 'more data\n', 0o600);
    await machine.files.write(
      `${paths.kubernetes}/admin.conf`,
      await machine.files.need(`${paths.kubernetes}/admin.conf`),
    );
    expect(await recallScore(host, 'key')).toEqual(MESSAGES);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a mode', () => machine.files.write(`${paths.pki}/loose.key`, 'x', 0o644)],
    [
      'an argument',
      async () => {
        const path = `${paths.args}/kube-scheduler`;
        await machine.files.write(path, `${await machine.files.need(path)}--v="2"\n`);
      },
    ],
    ['a process', () => machine.services.restart('kube-scheduler')],
    [
      'an authority',
      async () =>
        machine.files.write(
          `${paths.pki}/client-ca.crt`,
          `${await machine.files.need(`${paths.pki}/client-ca.crt`)}\n`,
        ),
    ],
  ])('until %s changes', async (_, change) => {
    await change();
    expect(await recallScore(host, 'key')).toBeUndefined();
  });

  it('for the same options only, and for an hour', async () => {
    expect(await recallScore(host, 'other key')).toBeUndefined();
    const later = (minutes: number): Host => ({ ...host, now: () => new Date(Date.now() + minutes * 60_000) });
    expect(await recallScore(later(50), 'key')).toEqual(MESSAGES);
    expect(await recallScore(later(61), 'key')).toBeUndefined();
  });

  it.each(['', '{"key":"key"', '{}', 'null'])('not in a note that says %j', async (text) => {
    await host.files.write('/var/lib/k8s-charm/score.json', text, { mode: 0o600 });
    expect(await recallScore(host, 'key')).toBeUndefined();
  });

  it('until it is forgotten', async () => {
    await forgetScore(host);
    await forgetScore(host);
    expect(await recallScore(host, 'key')).toBeUndefined();
  });
});
