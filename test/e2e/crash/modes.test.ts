/**
 * Certificates from elsewhere: at whatever call a unit is ended while it makes or joins a cluster with them, or while they are renewed,
 * the cluster ends as it does without that; what was issued last is in service, and nothing was asked for twice.
 *
 * What is tried are the calls after which something is there: keys and certificates in Juju's secrets, and what k8sd was asked for. That a
 * unit installs the snap, takes its turn, keeps what stands there and sees its services healthy is the same in every mode: the other files
 * of this folder have the calls of that. `CRASH_POINTS=all` tries them here, too.
 *
 * With authorities from elsewhere and their keys (`intermediate-ca`, `provided`) k8sd issues every leaf. A renewal is then the one of
 * `snap-managed`, the same plan and the same changes (src/capabilities/certificates/renewal); a dispatch only looks at something else beside it.
 */

import { describe, expect, it } from 'vitest';
import { newOwnAuthorities } from '../../capabilities/certificates/given/authorities.ts';
import { packCaCharm } from '../../standins/juju/ca-charm/pack.ts';
import { allActive, settleActive, settleUntil, type TestCluster, toldBy } from '../cluster.ts';
import { served } from '../nodes.ts';
import { shortenLives } from '../short-lives.ts';
import { DAY, expectConvergence, OPTIONS, renewByItself } from './scenario.ts';
import { type StartingPoint, startingPoint, type Use } from './starting-point.ts';

/** Of what is alike for apiserver and kubelet, for kubelet. */
const COMES_ABOUT = /^after (secret-add .*\/kubelet|k8sd POST )/;
const UNITS = ['k8s/0', 'k8s-worker/0'] as const;

/** A control plane that has all that it needs but certificates, as it says. */
function lacking(mode: string, prepare: Use<void>): StartingPoint {
  return startingPoint(async (cluster) => {
    const { model, archives } = cluster;
    await model.deploy(archives.k8s, { application: 'k8s', config: { 'bootstrap-certificates': mode } });
    await prepare(cluster);
    await settleUntil(model, () => toldBy(model, 'k8s/0').startsWith('blocked: '));
  });
}

async function deployCa({ model, directory }: TestCluster): Promise<void> {
  await model.deploy(await packCaCharm(directory), {
    application: 'ca',
    config: { 'certificate-validity': '3650d', 'root-ca-validity': '7300d' },
  });
}

async function addWorker({ model, archives }: TestCluster): Promise<void> {
  await model.deploy(archives.worker, { application: 'k8s-worker' });
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
}

describe('crash points with bootstrap-certificates=external', OPTIONS, () => {
  const withoutCa = lacking('external', deployCa);
  const withoutWorker = withoutCa.further(async (cluster) => {
    const { model } = cluster;
    await integrate('k8s')(cluster);
    await addWorker(cluster);
    await settleUntil(model, () => toldBy(model, 'k8s-worker/0').startsWith('blocked: Integrate'));
  });
  const whole = withoutWorker.further(integrate('k8s-worker'));

  it.each([
    ['of the first control plane', withoutCa, 'k8s/0', 'k8s'],
    ['of a worker that joins', withoutWorker, 'k8s-worker/0', 'k8s-worker'],
  ] as const)('%s', (name, from, unit, application) =>
    expectConvergence(`external: ${name}`, { from, unit, only: COMES_ABOUT, run: integrate(application) }),
  );

  it.each(UNITS)('of %s that renews what the CA charm issues, and what k8sd does', (unit) =>
    expectConvergence(`external: renewal on ${unit}`, {
      from: whole.further((cluster) => shortenLives(cluster, unit, DAY)),
      unit,
      only: COMES_ABOUT,
      run: (cluster) =>
        exchanging(cluster, unit, async () => {
          for (const id of certificatesOf(cluster, unit)) cluster.model.expireSecret(id);
          await renewByItself(cluster, unit);
        }),
    }),
  );

  it('of a control plane that gets its certificates from another integration with the same authority', () =>
    expectConvergence('external: another integration', {
      from: whole,
      unit: 'k8s/0',
      only: COMES_ABOUT,
      run: (cluster) =>
        exchanging(cluster, 'k8s/0', async () => {
          await cluster.model.removeRelation('k8s:certificates', 'ca');
          await cluster.model.settle({ timeoutMs: 120_000 });
          expect(toldBy(cluster.model, 'k8s/0')).toMatch(/Integrate certificates/);
          await integrate('k8s')(cluster);
        }),
    }));
});

function integrate(application: string): Use<void> {
  return async ({ model }) => {
    await model.integrate(`${application}:certificates`, 'ca');
    await settleActive(model);
  };
}

function certificatesOf({ model }: TestCluster, unit: string): readonly string[] {
  return model
    .secrets()
    .filter(({ owner, label }) => owner.name === unit && label.startsWith('tls-certificate/'))
    .map(({ id }) => id);
}

/** Whether what kubelet serves is another certificate in the end. */
async function exchanging(cluster: TestCluster, unit: string, work: () => Promise<void>): Promise<void> {
  const before = (await served(cluster, unit, 10250)).serialNumber;
  await work();
  expect((await served(cluster, unit, 10250)).serialNumber).not.toBe(before);
}

describe('crash points with bootstrap-certificates=intermediate-ca', OPTIONS, () => {
  const without = lacking('intermediate-ca', deployCa);
  const bootstrap: Use<void> = async ({ model }) => {
    await model.integrate('k8s:certificates', 'ca');
    await settleUntil(model, (now) => allActive(now) && !now.secrets().some(({ label }) => label.startsWith('tls-')));
  };

  it('of the first control plane', () =>
    expectConvergence('intermediate-ca: of the first control plane', {
      from: without,
      unit: 'k8s/0',
      // Of four keys and four authorities one each.
      only: /^after (secret-add .*\/front-proxy-ca|k8sd POST )/,
      run: bootstrap,
    }));

  itRenews('intermediate-ca', without, bootstrap);
});

describe('crash points with bootstrap-certificates=provided', OPTIONS, () => {
  const without = lacking('provided', async ({ model }) => {
    model.grantSecret(model.addSecret((await newOwnAuthorities()).content), 'k8s');
  });
  const bootstrap: Use<void> = async ({ model }) => {
    const own = model.secrets().find(({ owner }) => owner.kind === 'model');
    await model.configure('k8s', { 'ca-certificates': `secret:${own?.id}` });
    await settleActive(model);
  };

  it('of the first control plane', () =>
    expectConvergence('provided: of the first control plane', {
      from: without,
      unit: 'k8s/0',
      only: COMES_ABOUT,
      run: bootstrap,
    }));

  itRenews('provided', without, bootstrap);
});

function itRenews(mode: string, without: StartingPoint, bootstrap: Use<void>): void {
  const whole = without.further(async (cluster) => {
    await bootstrap(cluster);
    await addWorker(cluster);
    await settleActive(cluster.model);
  });
  it.each(UNITS)('of %s that renews its certificates by itself', (unit) =>
    expectConvergence(`${mode}: renewal on ${unit}`, {
      from: whole.further((cluster) => shortenLives(cluster, unit, DAY)),
      unit,
      only: /^after k8sd POST .*refresh-certs/,
      run: (cluster) => renewByItself(cluster, unit),
    }),
  );
}
