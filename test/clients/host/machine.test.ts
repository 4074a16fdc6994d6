/** Guards the small parts of the host: its name, its kernel's parameters, and what answers at a port. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { selfSigned } from './certificate.ts';
import { temporaryRoot } from './folder.ts';

async function rootNamed(hostname: string, fqdnProgram?: string): Promise<string> {
  const root = await temporaryRoot(['proc/sys/kernel', 'usr/bin']);
  await writeFile(join(root, 'proc/sys/kernel/hostname'), `${hostname}\n`);
  if (fqdnProgram !== undefined) {
    await writeFile(join(root, 'usr/bin/hostname'), `#!/bin/sh\n${fqdnProgram}\n`);
    await chmod(join(root, 'usr/bin/hostname'), 0o755);
  }
  return root;
}

describe('the host name', () => {
  it('is lower case', async () => {
    expect(await openHost(await rootNamed('Juju-ABC-0')).hostname()).toBe('juju-abc-0');
  });

  it.each([
    ['what the resolver says', 'test "$1" = --fqdn && echo Juju-abc-0.Example.COM.', 'juju-abc-0.example.com'],
    [
      'the short one when the resolver knows none',
      'echo "hostname: Name or service not known" >&2; exit 1',
      'juju-abc-0',
    ],
    ['the short one when the resolver says localhost', 'echo localhost.localdomain', 'juju-abc-0'],
    ['the short one when the resolver says nothing', 'echo', 'juju-abc-0'],
    ['the short one when the answer is no name', 'echo "a b"', 'juju-abc-0'],
  ])('in full is %s', async (_what, program, full) => {
    expect(await openHost(await rootNamed('Juju-abc-0', program)).fullHostname()).toBe(full);
  });

  it('in full is the short one when the machine cannot be asked', async () => {
    expect(await openHost(await rootNamed('a')).fullHostname()).toBe('a');
  });
});

describe('kernel parameters', () => {
  async function withParameters(): Promise<string> {
    const root = await temporaryRoot(['proc/sys/vm', 'proc/sys/net/ipv4/conf/eth0.1']);
    await writeFile(join(root, 'proc/sys/vm/overcommit_memory'), '0\n');
    await writeFile(join(root, 'proc/sys/net/ipv4/ip_local_port_range'), '32768\t60999\n');
    await writeFile(join(root, 'proc/sys/net/ipv4/conf/eth0.1/forwarding'), '1\n');
    return root;
  }

  it('are read', async () => {
    const { sysctl } = openHost(await withParameters());
    expect(await sysctl.read('vm.overcommit_memory')).toBe('0');
    expect(await sysctl.read('net.ipv4.ip_local_port_range')).toBe('32768 60999');
    expect(await sysctl.read('net/ipv4/conf/eth0.1/forwarding')).toBe('1');
    expect(await sysctl.read('vm.no_such_thing')).toBeUndefined();
  });

  it('are written', async () => {
    const { sysctl } = openHost(await withParameters());
    await sysctl.write('vm.overcommit_memory', '1');
    expect(await sysctl.read('vm.overcommit_memory')).toBe('1');
  });

  it('are not invented', async () => {
    const { sysctl } = openHost(await withParameters());
    await expect(sysctl.write('vm.no_such_thing', '1')).rejects.toThrow('ENOENT');
  });

  it.each(['vm/../../../etc/passwd', '', 'vm..x', '/etc/passwd', 'vm.a b'])('%j is none', async (key) => {
    const { sysctl } = openHost(await withParameters());
    await expect(sysctl.read(key)).rejects.toThrow('not a kernel parameter');
    await expect(sysctl.write(key, '1')).rejects.toThrow('not a kernel parameter');
  });

  it('of this machine are read from its kernel', async () => {
    expect(await openHost('/').sysctl.read('kernel.ostype')).toBe('Linux');
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('at a port', () => {
  const { accepts, holdConnection, servedCertificate } = openHost('/');

  it('the certificate that is served is given as it is, trusted or not, and no server name is asked for', async () => {
    const { certificate, key, der } = await selfSigned('k8s-test');
    const names: unknown[] = [];
    const port = await listening(
      createTlsServer({ cert: certificate, key, requestCert: true, rejectUnauthorized: true }, (socket) => {
        names.push(socket.servername);
      }).on('tlsClientError', () => undefined),
    );
    const peer = await servedCertificate('127.0.0.1', port, 5000);
    expect(Buffer.from(peer?.certificate ?? []).equals(der)).toBe(true);
    expect(names.filter(Boolean)).toEqual([]);
  });

  it('there is none where nothing listens, where no TLS is spoken, and where nothing is said', async () => {
    const mail = await listening(createTcpServer((socket) => socket.on('error', () => undefined).end('220 mail\r\n')));
    const silent = await listening(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.resume();
      }),
    );
    const begun = performance.now();
    expect(await servedCertificate('127.0.0.1', 1, 2000)).toBeUndefined();
    expect(await servedCertificate('127.0.0.1', mail, 2000)).toBeUndefined();
    expect(await servedCertificate('127.0.0.1', silent, 200)).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  it('a connection that is held tells when the other end closes it', async () => {
    const others: Socket[] = [];
    const port = await listening(createTcpServer((socket) => others.push(socket.on('error', () => undefined))));
    const held = await holdConnection('127.0.0.1', port, 2000);
    expect(await held?.closed(50)).toBe(false);
    const closed = held?.closed(10_000);
    others[0]?.destroy();
    expect(await closed).toBe(true);
    held?.end();
    expect(await holdConnection('127.0.0.1', 1, 2000)).toBeUndefined();
  });

  it('connections are accepted or not', async () => {
    const port = await listening(createTcpServer((socket) => socket.on('error', () => undefined)));
    expect(await accepts('127.0.0.1', port, 2000)).toBe(true);
    expect(await accepts('127.0.0.1', 1, 2000)).toBe(false);
  });
});

describe('programs', () => {
  const limit = { timeoutMs: 10_000 };
  const { run } = openHost('/');

  it('get their arguments as they are, through no shell', async () => {
    const odd = ['$HOME', '`id`', 'a b', "'", '', '*', ';true'];
    expect(await run('printf', ['%s\\n', ...odd], limit)).toEqual({
      code: 0,
      stdout: `${odd.join('\n')}\n`,
      stderr: '',
    });
  });

  it('get nothing of our environment but what they are given', async () => {
    process.env['JUJU_SECRET_THING'] = 'x';
    onTestFinished(() => {
      delete process.env['JUJU_SECRET_THING'];
    });
    const { stdout } = await run('env', [], { ...limit, environment: { GIVEN: 'y' } });
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.toSorted()).toEqual(['GIVEN', 'HOME', 'LANG', 'PATH']);
    expect(stdout).toContain('HOME=/root\n');
  });

  it('get their input, or an empty one', async () => {
    expect(await run('cat', [], { ...limit, input: 'text\n' })).toMatchObject({ code: 0, stdout: 'text\n' });
    expect(await run('cat', [], limit)).toMatchObject({ code: 0, stdout: '' });
  });

  it('that fail have a code, not an error', async () => {
    expect(await run('sh', ['-c', 'echo out; echo err >&2; exit 7'], limit)).toEqual({
      code: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await run('sh', ['-c', 'kill -9 $$'], limit)).toMatchObject({ code: 137 });
  });

  it('that do not exist or cannot be started have a code too', async () => {
    expect(await run('no-such-program-here', [], limit)).toMatchObject({ code: 127 });
    expect(await run('/etc/hostname-that-is-not', [], limit)).toMatchObject({ code: 127 });
    expect(await run('/etc/passwd', [], limit)).toMatchObject({ code: 126 });
  });

  it('that take too long are ended, with what they started', async () => {
    const root = await temporaryRoot();
    const begun = performance.now();
    const result = await run(
      'sh',
      ['-c', `(sleep 1.5; touch ${root}/late) & trap "" TERM; echo begun; wait; sleep 60`],
      {
        timeoutMs: 400,
      },
    );
    expect(result).toMatchObject({ code: 124, stdout: 'begun\n' });
    expect(performance.now() - begun).toBeLessThan(8000);
    await openHost('/').sleep(1500);
    expect(await openHost(root).files.list('/')).toEqual([]);
  });

  it('are looked up under the root first; with a path, only there', async () => {
    const root = await temporaryRoot(['usr/bin', 'snap/bin']);
    await mkdir(join(root, 'opt'));
    for (const path of ['usr/bin/uname', 'snap/bin/k8s']) {
      await writeFile(join(root, path), '#!/bin/sh\necho ours "$@"\n');
      await chmod(join(root, path), 0o755);
    }
    const host = openHost(root);
    expect(await host.run('uname', ['-a'], limit)).toMatchObject({ stdout: 'ours -a\n' });
    expect(await host.run('k8s', [], limit)).toMatchObject({ stdout: 'ours\n' });
    expect(await host.run('/snap/bin/k8s', [], limit)).toMatchObject({ stdout: 'ours\n' });
    expect(await host.run('true', [], limit)).toMatchObject({ code: 0 });
    expect(await host.run('/usr/bin/true', [], limit)).toMatchObject({ code: 127 });
  });
});
