/**
 * A disk that fills up while arguments of a running service change: the file stays whole, what was running runs on, and the
 * change is made when there is room again. The disk is a real one of a few kilobytes, where we may mount it.
 */

import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { ARGUMENTS_DIRECTORY } from '../../src/core/argument-file.ts';
import { deployCluster, openCluster, resetOptions, settleActive } from './cluster.ts';
import { argumentsOf, argumentText, machineOf, runningArguments } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const run = promisify(execFile);

/** The folder on a file system of its own, with what is in it; undefined where mounting is not allowed. */
async function onTinyDisk(folder: string): Promise<(() => Promise<void>) | undefined> {
  const aside = await mkdtemp(join(tmpdir(), 'fd-'));
  await run('cp', ['-a', `${folder}/.`, aside]);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=0700', 'tmpfs', folder]);
  } catch {
    return undefined;
  } finally {
    onTestFinished(() => rm(aside, { recursive: true, force: true }));
  }
  await run('cp', ['-a', `${aside}/.`, folder]);
  return async () => {
    await run('umount', ['-l', folder]);
  };
}

it('an argument that finds the disk full is set when there is room', { timeout: 120_000 }, async (test) => {
  const cluster = await openCluster({ dispatch: 'process' });
  onTestFinished(() => cluster.close());
  await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
  const { model } = cluster;
  const { root } = machineOf(cluster, 'k8s/0');
  const folder = join(root, ARGUMENTS_DIRECTORY);
  const unmount = await onTinyDisk(folder);
  if (unmount === undefined) return test.skip('a file system cannot be mounted here');
  onTestFinished(unmount);
  const before = await argumentText(cluster, 'k8s/0', 'kube-scheduler');
  const names = await readdir(folder);
  await fill(join(folder, 'ballast'));

  await model.configure('k8s', { 'kube-scheduler-extra-args': 'kube-api-qps=77' });
  await expect
    .poll(() => model.unit('k8s/0').workload, { timeout: 30_000 })
    .toMatchObject({
      status: 'blocked',
      message: expect.stringMatching(
        /^No room on the disk for .*\/args\/kube-scheduler \(ENOSPC\); free some space; .* or now: juju run k8s\/0 retry$/,
      ),
    });
  expect(await argumentText(cluster, 'k8s/0', 'kube-scheduler')).toBe(before);
  expect((await readdir(folder)).sort()).toEqual([...names, 'ballast'].sort());
  expect(runningArguments(cluster, 'k8s/0', 'kube-scheduler')).not.toHaveProperty('--kube-api-qps');

  await truncate(join(folder, 'ballast'), 0);
  // As the status says: an operator who has made room need not wait for the next try.
  expect(await model.run('k8s/0', 'retry', {})).toMatchObject({ status: 'completed' });
  await settleActive(model, 60_000);
  expect(await argumentsOf(cluster, 'k8s/0', 'kube-scheduler')).toMatchObject({ '--kube-api-qps': '77' });
  expect(runningArguments(cluster, 'k8s/0', 'kube-scheduler')).toMatchObject({ '--kube-api-qps': '77' });
  await rm(join(folder, 'ballast'));

  await resetOptions(model, 'k8s', ['kube-scheduler-extra-args']);
  await settleActive(model, 60_000);
  expect(await argumentText(cluster, 'k8s/0', 'kube-scheduler')).toBe(before);
  await expectNoSecretsToldIn(cluster);
});

/** Writes until nothing more goes in. */
async function fill(path: string): Promise<void> {
  for (let written = 0; written < 1_000_000; written += 4_096)
    try {
      await appendFile(path, 'x'.repeat(4_096));
    } catch {
      return;
    }
  throw new Error('this disk is not full after a megabyte');
}
