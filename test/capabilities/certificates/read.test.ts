import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  certificateFiles,
  fileOf,
  refreshedFiles,
  WORKER_NAMES,
} from '../../../src/capabilities/certificates/names.ts';
import {
  fingerprintOf,
  isReadable,
  readCertificate,
  readCertificates,
} from '../../../src/capabilities/certificates/read.ts';
import { openFiles } from '../../../src/clients/host/files.ts';
import { temporaryRoot } from '../../clients/host/folder.ts';
import { kubeconfig, newAuthority } from './authority.ts';

const write = { mode: 0o600 };

describe('readCertificate', () => {
  it('reads what matters of a PEM file', async () => {
    const files = openFiles(await temporaryRoot());
    const authority = await newAuthority('kubernetes-ca');
    const pem = await authority.issue({
      subject: 'O=system:nodes,CN=system:node:juju-3f2a-4',
      sans: ['juju-3f2a-4', '10.0.0.20', '2001:db8::1'],
      notBefore: new Date('2026-02-01T00:00:00Z'),
      notAfter: new Date('2027-02-01T00:00:00Z'),
    });
    await files.write('/etc/kubernetes/pki/kubelet.crt', pem, write);
    expect(await readCertificate(files, fileOf('worker', 'kubelet'))).toEqual({
      file: fileOf('worker', 'kubelet'),
      subject: 'O=system:nodes, CN=system:node:juju-3f2a-4',
      issuer: 'kubernetes-ca',
      serial: new X509Certificate(pem).serialNumber,
      sans: ['10.0.0.20', '2001:db8::1', 'juju-3f2a-4'],
      notBefore: new Date('2026-02-01T00:00:00Z'),
      notAfter: new Date('2027-02-01T00:00:00Z'),
      fingerprint: fingerprintOf(new X509Certificate(pem).raw),
    });
  });

  it('reads the client certificate of a kubeconfig, not its authority', async () => {
    const files = openFiles(await temporaryRoot());
    const authority = await newAuthority('kubernetes-ca-client');
    const pem = await authority.issue({ subject: 'CN=system:kube-proxy' });
    await files.write('/etc/kubernetes/proxy.conf', kubeconfig(pem), write);
    expect(await readCertificate(files, fileOf('worker', 'proxy.conf'))).toMatchObject({
      subject: 'CN=system:kube-proxy',
      issuer: 'kubernetes-ca-client',
      sans: [],
    });
  });

  it.each([
    ['an empty file', 'kubelet', ''],
    ['a file with something else', 'kubelet', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['a kubeconfig with a token', 'proxy.conf', 'users:\n- user:\n    token: hunter2\n'],
    ['a kubeconfig with half a certificate', 'proxy.conf', 'client-certificate-data: AAAA\n'],
  ])('finds %s, and repeats nothing of it', async (_, name, text) => {
    const files = openFiles(await temporaryRoot());
    const file = fileOf('worker', name);
    await files.write(file.path, text, write);
    expect(await readCertificate(files, file)).toEqual({ file, problem: 'holds no certificate that can be read' });
  });

  it('does not mind what is not there', async () => {
    const files = openFiles(await temporaryRoot());
    expect(await readCertificate(files, fileOf('worker', 'kubelet'))).toBeUndefined();
    const authority = await newAuthority('kubernetes-ca');
    await files.write('/etc/kubernetes/pki/ca.crt', authority.certificate, write);
    const all = await readCertificates(files, 'control-plane');
    expect(all.filter(isReadable).map(({ file, subject }) => [file.name, subject])).toEqual([
      ['ca', 'CN=kubernetes-ca'],
    ]);
  });
});

describe('names', () => {
  it('of authorities are those of certificates that the node has', () => {
    for (const role of ['control-plane', 'worker'] as const) {
      const all = certificateFiles(role);
      for (const { authority } of all.filter((file) => file.authority !== undefined))
        expect(fileOf(role, authority ?? '').authority).toBeUndefined();
      expect(new Set(all.map(({ path }) => path)).size).toBe(all.length);
    }
  });

  it('that are not known are a bug', () => {
    expect(() => fileOf('worker', 'apiserver')).toThrow('no certificate of a worker is called apiserver');
  });

  it('of files that a refresh may rewrite hold each certificate with its key', () => {
    const files = refreshedFiles('worker');
    for (const name of WORKER_NAMES) expect(files).toContain(fileOf('worker', name).path);
    expect(files).toContain('/etc/kubernetes/pki/kubelet.key');
    expect(refreshedFiles('control-plane')).toEqual(
      expect.arrayContaining([
        '/etc/kubernetes/pki/apiserver.key',
        '/etc/kubernetes/admin.conf',
        '/etc/kubernetes/pki/ca.crt',
      ]),
    );
  });
});
