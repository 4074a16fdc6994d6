import { describe, expect, it } from 'vitest';
import { discard, keep, readNote, restore } from '../../../src/capabilities/certificates/backup.ts';
import { forgetCertificates } from '../../../src/capabilities/certificates/forget.ts';
import { readRequestJournal, writeRequestJournal } from '../../../src/capabilities/certificates/request-journal.ts';
import type { Files } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { temporaryRoot } from '../../clients/host/folder.ts';

const PKI = '/etc/kubernetes/pki';
const FOLDER = '/var/lib/k8s-charm/certificates';
const NOTE = { names: ['kubelet'], before: { kubelet: 'AA:BB' }, startedAt: '2026-11-23T10:00:00.000Z' };

async function node(): Promise<Files> {
  const { files } = openHost(await temporaryRoot());
  await files.write(`${PKI}/kubelet.crt`, 'old certificate', { mode: 0o600 });
  await files.write(`${PKI}/kubelet.key`, 'old key', { mode: 0o600 });
  await files.write('/etc/kubernetes/kubelet.conf', 'old kubeconfig', { mode: 0o640 });
  await files.write(`${PKI}/unrelated.crt`, 'not ours', { mode: 0o600 });
  return files;
}

describe('a backup', () => {
  it('puts everything back: changed, deleted and added files, with their modes', async () => {
    const files = await node();
    await keep(files, 'worker', NOTE);
    expect(await readNote(files)).toEqual(NOTE);
    await files.write(`${PKI}/kubelet.crt`, 'new certificate', { mode: 0o600 });
    await files.remove(`${PKI}/kubelet.key`);
    await files.write('/etc/kubernetes/kubelet.conf', 'new kubeconfig', { mode: 0o640 });
    await files.write('/etc/kubernetes/proxy.conf', 'added', { mode: 0o600 });
    await files.write(`${PKI}/unrelated.crt`, 'changed by others', { mode: 0o600 });
    await restore(files, 'worker');
    expect(await files.read(`${PKI}/kubelet.crt`)).toBe('old certificate');
    expect(await files.read(`${PKI}/kubelet.key`)).toBe('old key');
    expect((await files.status(`${PKI}/kubelet.key`))?.mode).toBe(0o600);
    expect(await files.read('/etc/kubernetes/kubelet.conf')).toBe('old kubeconfig');
    expect((await files.status('/etc/kubernetes/kubelet.conf'))?.mode).toBe(0o640);
    expect(await files.read('/etc/kubernetes/proxy.conf')).toBeUndefined();
    expect(await files.read(`${PKI}/unrelated.crt`)).toBe('changed by others');
  });

  it('is for root alone', async () => {
    const files = await node();
    await keep(files, 'worker', NOTE);
    for (const path of [`${FOLDER}/refresh.json`, `${FOLDER}/before${PKI}/kubelet.key`])
      expect((await files.status(path))?.mode).toBe(0o600);
    expect((await files.status(`${FOLDER}/before`))?.mode).toBe(0o700);
  });

  it('leaves no key behind when it is discarded', async () => {
    const files = await node();
    await keep(files, 'worker', NOTE);
    await discard(files);
    expect(await readNote(files)).toBeUndefined();
    expect(await files.list(FOLDER)).toEqual([]);
  });

  it('has no note while its copies are not complete: to restore half of them would delete the rest', async () => {
    const files = await node();
    await keep(files, 'worker', NOTE);
    for (let limit = 0; ; limit += 1) {
      const ended = await interrupted(files, limit, (fragile) =>
        keep(fragile, 'worker', { ...NOTE, names: ['again'] }),
      );
      const note = await readNote(files);
      if (note !== undefined) {
        await restore(files, 'worker');
        expect(await files.read(`${PKI}/kubelet.key`)).toBe('old key');
      }
      if (ended) break;
    }
    expect((await readNote(files))?.names).toEqual(['again']);
  });

  it('with a note that cannot be read still counts as one', async () => {
    const files = await node();
    await files.write(`${FOLDER}/refresh.json`, '{"names": [', { mode: 0o600 });
    expect(await readNote(files)).toEqual({ names: [], before: {}, startedAt: '' });
  });
});

describe('forgetCertificates', () => {
  it('leaves nothing of a refresh for the next cluster of the machine', async () => {
    const host = openHost(await temporaryRoot());
    await keep(host.files, 'worker', NOTE);
    await writeRequestJournal(host.files, { id: 'a', requestedAt: '', expirationSeconds: 600, requests: [] });
    const state = new Map([['certificates/failure', 'x']]);
    const set = (key: string, value: string | undefined) =>
      value === undefined ? state.delete(key) : state.set(key, value);
    await forgetCertificates({ host, juju: { state: { set } } } as unknown as Parameters<typeof forgetCertificates>[0]);
    expect(await readRequestJournal(host.files)).toBeUndefined();
    expect(await host.files.list(FOLDER)).toEqual([]);
    expect(state.size).toBe(0);
  });
});

/** Runs work whose process ends after so many changes of files. Gives whether it came to its end. */
async function interrupted(files: Files, limit: number, work: (fragile: Files) => Promise<void>): Promise<boolean> {
  let left = limit;
  const spend = () => {
    if (left === 0) throw new Error('killed');
    left -= 1;
  };
  const fragile: Files = {
    ...files,
    write: async (...args) => {
      spend();
      await files.write(...args);
    },
    remove: async (path) => {
      spend();
      await files.remove(path);
    },
  };
  try {
    await work(fragile);
    return true;
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error;
    return false;
  }
}
