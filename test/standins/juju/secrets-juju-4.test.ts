/** Where secrets on Juju 4.0 are not those of 3.6: seen on a 4.0 controller. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { newTestBench, type TestBench } from './tiny-charm.ts';

const owner = shellCharm({
  name: 'own',
  metadata: { provides: { give: { interface: 's' } }, peers: { ring: { interface: 'r' } } },
});
const reader = shellCharm({ name: 'read', metadata: { requires: { take: { interface: 's' } } } });

describe.each(['3.6.9', '4.0.2'])('secrets on Juju %s', (jujuVersion) => {
  const juju4 = jujuVersion.startsWith('4.');
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench({ jujuVersion });
    await bench.deploy(owner, { units: 2 });
    await bench.deploy(reader);
    await bench.model.integrate('own', 'read');
    await bench.settle();
  });

  afterEach(() => bench.close());

  const sh = (unit: string, script: string) => shell(bench, unit, script);
  const refusal = async (unit: string, script: string) => (await sh(unit, script)).stderr;

  it('of the application are read by its other units without a grant', async () => {
    const id = (await sh('own/0', 'secret-add value=one')).stdout.trim();
    expect((await sh('own/1', `secret-get ${id} value`)).stdout).toBe('one\n');
  });

  it('of a unit are not read by the other units of its application', async () => {
    const id = (await sh('own/1', 'secret-add --owner unit value=one')).stdout.trim();
    expect(await refusal('own/0', `secret-get ${id}`)).toBe(
      juju4 ? 'ERROR "own/0" is not allowed to read this secret\n' : 'ERROR permission denied\n',
    );
  });

  it.each(['application', 'unit'])('of an owner %s granted over a peer relation', async (kind) => {
    const id = (await sh('own/0', `secret-add --owner ${kind} value=one`)).stdout.trim();
    // The tool itself says nothing: it is the commit that fails, and all of it.
    const task = await bench.model.run('own/0', 'sh', {
      script: `secret-grant ${id} -r ring:0 --unit own/1 && relation-set -r ring:0 key=value`,
    });

    expect(JSON.stringify(task).includes('granting access to a secret over a peer relation is not supported')).toBe(
      juju4,
    );
    expect(bench.model.unit('own/0').bag('ring')['key']).toBe(juju4 ? undefined : 'value');
  });

  it('that are not there are named, or not', async () => {
    expect(await refusal('own/0', 'secret-get 0123456789abcdefghi0')).toBe(
      juju4
        ? 'ERROR getting latest secret revision: secret not found\n'
        : 'ERROR secret "0123456789abcdefghi0" not found\n',
    );
    expect(await refusal('own/0', 'secret-get --label known')).toBe(
      juju4 ? 'ERROR secret URI for consumer label "known" not found\n' : 'ERROR consumer label "known" not found\n',
    );
  });
});
