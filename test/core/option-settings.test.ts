/**
 * Guards that what an operator tries without setting it is read as Juju would read it in `juju config`, that everything else is refused by its
 * name and without its value, and that the options come out as they would be.
 */

import { describe, expect, it } from 'vitest';
import { readSettings, withSettings } from '../../src/core/option-settings.ts';
import { optionsOf } from '../../src/options.ts';

const [CONTROL_PLANE, WORKER] = [optionsOf('control-plane'), optionsOf('worker')];

const read = async (given: unknown) => Object.fromEntries(await readSettings('config', given, CONTROL_PLANE, WORKER));

describe('settings', () => {
  it.each<[unknown, Record<string, unknown>]>([
    [undefined, {}],
    ['', {}],
    ['  \n', {}],
    ['cis-mode=true', { 'cis-mode': true }],
    ['cis-mode=T stig-mode=0\nnode-labels=', { 'cis-mode': true, 'stig-mode': false, 'node-labels': '' }],
    [
      `kubelet-extra-args="v=4 max-pods=50" 'node-labels=a=1 b=2'`,
      { 'kubelet-extra-args': 'v=4 max-pods=50', 'node-labels': 'a=1 b=2' },
    ],
    ['pod-max-pids=+200 cis-benchmark=1.24', { 'pod-max-pids': 200, 'cis-benchmark': '1.24' }],
    ['hardening-waivers="[{control: a, reason: b}]"', { 'hardening-waivers': '[{control: a, reason: b}]' }],
    ['cis-mode: true\npod-max-pids: 200', { 'cis-mode': true, 'pod-max-pids': 200 }],
    ['{cis-mode: true, cis-benchmark: "1.24"}', { 'cis-mode': true, 'cis-benchmark': '1.24' }],
    ['---\naudit-policy: |\n  a: b\n', { 'audit-policy': 'a: b\n' }],
    ['{"cis-mode": "true", "cis-benchmark": null}', { 'cis-mode': true, 'cis-benchmark': undefined }],
    // As Juju hands it on when the value of the parameter is YAML itself.
    [
      { 'cis-mode': false, 'pod-max-pids': 5 },
      { 'cis-mode': false, 'pod-max-pids': 5 },
    ],
    ['ca-certificates=secret:d2abc', { 'ca-certificates': 'secret:d2abc' }],
  ])('%j are understood', async (given, expected) => {
    expect(await read(given)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    ['cis-mod=true', 'config: there is no option "cis-mod" (did you mean cis-mode?)'],
    ['cis_mode=true', 'config: there is no option "cis_mode" (did you mean cis-mode?)'],
    ['nonsense=true constructor=1', 'config: there is no option "nonsense"; there is no option "constructor"'],
    ['cis-mode=yes', 'config: cis-mode must be true or false'],
    ['cis-mode: 1', 'config: cis-mode must be true or false'],
    ['pod-max-pids=many', 'config: pod-max-pids must be a whole number'],
    ['pod-max-pids=0x10', 'config: pod-max-pids must be a whole number'],
    ['pod-max-pids: 1.5', 'config: pod-max-pids must be a whole number'],
    ['pod-max-pids=', 'config: pod-max-pids must be a whole number'],
    ['cis-benchmark: 1.24', 'config: cis-benchmark must be text; put it in quotes'],
    ['{node-labels: [a, b]}', 'config: node-labels must be text; put it in quotes'],
    ['ca-certificates=hunter2', 'config: ca-certificates must be the URI of a secret, such as secret:d2abc'],
    ['cis-mode', 'config: "cis-mode" has no value'],
    ['=true', 'config: "=true" has no value'],
    ['cis-mode=true cis-mode=false', 'config: cis-mode is given twice'],
    ['cis-mode: true\ncis-mode: false', 'config line 2: has the key "cis-mode" twice'],
    ['audit-policy=@policy.yaml', 'config: give the text of "audit-policy" itself, not a file'],
    ['node-labels="a', 'config: quote the value of "node-labels"'],
    ['node-labels=a;b', 'config: quote the value of "node-labels"'],
    ['cis-mode: [', 'config line 1: is not YAML'],
    [['cis-mode=true'], 'config must be options as name=value'],
    [true, 'config must be options as name=value'],
    ['x'.repeat(800 * 1024), 'config has 819200 characters; at most 786432 are taken'],
    [
      'cis-mode=maybe no-such=1 pod-max-pids=x',
      'config: cis-mode must be true or false; there is no option "no-such"; pod-max-pids must be a whole number',
    ],
  ])('%.60j are refused', async (given, message) => {
    await expect(read(given)).rejects.toThrow(message);
  });

  it('never repeat a value, which may be secret', async () => {
    const password = '[{"url": "https://r.example.com", "password": "hunter2"}]';
    const given = [
      `{containerd-custom-registries: ${password}}`,
      `cis-mode='${password}'`,
      `containerd-custom-registries=${password};`,
    ];
    for (const one of given) await expect(read(one)).rejects.not.toThrow('hunter2');
  });

  it('are refused in a short message and a short time, however many there are', async () => {
    await expect(read('x=1 '.repeat(500))).rejects.toThrow(/^config: (?:there is no option "x"; ){10}490 more$/);
    await expect(read('x=1 '.repeat(150_000))).rejects.toThrow('config has 150000 options; at most 500 are taken');
  });

  it('of the other charm are told where they belong', async () => {
    await expect(readSettings('config', 'dns-enabled=false', WORKER, CONTROL_PLANE)).rejects.toThrow(
      'config: dns-enabled is an option of control-plane units; run plan on one of them',
    );
  });
});

describe('the options as they would be', () => {
  it('are those that are set with the settings on top; what is reset has its default, if any', () => {
    const raw = { 'cis-mode': true, 'node-labels': 'a=1', 'pod-max-pids': 5 };
    const settings = new Map<string, string | boolean | undefined>([
      ['node-labels', 'b=2'],
      ['cis-mode', undefined],
      ['pod-max-pids', undefined],
    ]);
    expect(withSettings(raw, settings, CONTROL_PLANE, 'control-plane')).toEqual({
      'node-labels': 'b=2',
      'cis-mode': false,
    });
    // Follows its control plane again.
    expect(withSettings(raw, settings, WORKER, 'worker')).toEqual({ 'node-labels': 'b=2' });
  });
});
