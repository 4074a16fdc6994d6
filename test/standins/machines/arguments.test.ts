/** Guards that the stand-in's services take arguments as the real ones do: what each row says was seen with the programs of 1.36.3. */

import { describe, expect, it } from 'vitest';
import { parseCommandLine, shellWords } from './node/arguments.ts';

describe('kube-apiserver', () => {
  it.each<[string, Record<string, string>]>([
    [
      '--authorization-mode=AlwaysAllow --authorization-mode=Node,RBAC',
      { '--authorization-mode': 'AlwaysAllow,Node,RBAC' },
    ],
    ['--authorization_mode=RBAC', { '--authorization-mode': 'RBAC' }],
    ['--anonymous_auth', { '--anonymous-auth': 'true' }],
    ['--tls-min-version=VersionTLS12 --tls-min-version=VersionTLS13', { '--tls-min-version': 'VersionTLS13' }],
    ['--client-ca-file --profiling', { '--client-ca-file': '--profiling' }],
    ['--service-account-key-file=/a,b --service-account-key-file=/c', { '--service-account-key-file': '/a,b\n/c' }],
    ['-v 2', { '--v': '2' }],
  ])('takes %s', (text, values) => {
    expect(parseCommandLine('kube-apiserver', shellWords(text))).toEqual(values);
  });

  it.each([
    ['--profiling false', '"kube-apiserver" does not take any arguments, got ["false"]'],
    ['stray', '"kube-apiserver" does not take any arguments, got ["stray"]'],
    ['--profiling=maybe', 'invalid argument "maybe" for "--profiling" flag'],
    ['--client-ca-file', 'flag needs an argument: --client-ca-file'],
    ['-anonymous-auth=false', "unknown shorthand flag: 'a' in -anonymous-auth"],
  ])('ends on %s', (text, words) => {
    expect(() => parseCommandLine('kube-apiserver', shellWords(text))).toThrow(words);
  });
});

it("kubelet's mode of authorization is one, not a list", () => {
  const words = shellWords('--authorization-mode=AlwaysAllow --authorization-mode=Webhook');
  expect(parseCommandLine('kubelet', words)).toEqual({ '--authorization-mode': 'Webhook' });
});

it('etcd takes one dash for two, and no underscore for a dash', () => {
  const words = shellWords('-data-dir /a --auto_tls=x --listen-client-urls=a --listen-client-urls=b');
  expect(parseCommandLine('etcd', words)).toEqual({
    '--data-dir': '/a',
    '--auto_tls': 'x',
    '--listen-client-urls': 'b',
  });
});
