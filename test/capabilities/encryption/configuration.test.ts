/** Guards what stands in files, databags and secrets: read by kube-apiserver, by kube-bench, and by the charm itself after an upgrade. */

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { keysIn, numberedKeysIn, renderConfiguration } from '../../../src/capabilities/encryption/configuration.ts';
import { newKey, readKeys, writeKeys } from '../../../src/capabilities/encryption/keys.ts';
import { hasLoaded } from '../../../src/capabilities/encryption/loaded.ts';
import { readEncryptionOptions } from '../../../src/capabilities/encryption/options.ts';
import { formatRollout, PHASES, parseRollout } from '../../../src/capabilities/encryption/rollout.ts';
import { storedUnder } from '../../../src/clients/etcd/stored-secrets.ts';
import { fileOf, KEYS, moving, must, OFF, settledOn } from './facts.ts';

describe('the configuration', () => {
  it('has the first provider on the line after `providers:`, as kube-bench looks for it, and each provider once', () => {
    const text = must(
      renderConfiguration([{ provider: 'aesgcm', key: 2 }, { provider: 'aesgcm', key: 1 }, 'identity'], 7, KEYS),
    );
    expect(/providers:\n(.*)\n/.exec(text)?.[1]).toContain('aesgcm');
    expect(parse(text)).toEqual({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'EncryptionConfiguration',
      resources: [
        {
          resources: ['secrets'],
          providers: [
            {
              aesgcm: {
                keys: [
                  { name: 'key2', secret: KEYS.get(2) },
                  { name: 'key1', secret: KEYS.get(1) },
                ],
              },
            },
            { identity: {} },
          ],
        },
      ],
    });
  });

  it('is not made with a key that is not there', () => {
    expect(renderConfiguration([{ provider: 'aescbc', key: 9 }], 1, KEYS)).toBeUndefined();
  });

  it('differs at every step, so that a digest tells which one is loaded', () => {
    const steps = [settledOn('aesgcm'), ...(['prepare', 'write', 'drop'] as const).map(moving)];
    expect(new Set(steps.map(({ digest }) => digest)).size).toBe(steps.length);
    expect(moving('rewrite').digest).toBe(moving('write').digest);
  });

  it('gives its keys back', () => {
    const text = must(fileOf(moving('write'))).text;
    expect(numberedKeysIn(text)).toEqual(new Map([...KEYS].slice(0, 2).reverse()));
    expect(keysIn(text)).toEqual([KEYS.get(2), KEYS.get(1)]);
    expect(keysIn(`{"keys": [{"name": "a", "secret": "${KEYS.get(3)}"}]}`)).toEqual([KEYS.get(3)]);
  });

  it.each([
    ['k8s:enc:aesgcm:v1:key12:…', 'aesgcm:12'],
    ['k8s:enc:kms:v2:vault:…', 'kms'],
    ['{"kind":"Secret"', 'identity'],
    ['k8s\0\n\f\n\x02v1', 'identity'],
  ])('is told by a value in etcd: %j', (value, cipher) => {
    expect(storedUnder(value)).toBe(cipher);
  });
});

describe('keys', () => {
  it('are of 32 bytes, never the same, and come back from their secret', () => {
    const keys = new Map([1, 2].map((number) => [number, newKey()] as const));
    expect([...keys.values()].map((key) => Buffer.from(key, 'base64').length)).toEqual([32, 32]);
    expect(keys.get(1)).not.toBe(keys.get(2));
    expect(readKeys(writeKeys(keys))).toEqual(keys);
    expect(readKeys({ 'key-1': 'short', other: newKey(), 'key-0': newKey() })).toEqual(new Map());
  });
});

describe('the databag', () => {
  const all = [OFF, settledOn('aescbc', 3), ...PHASES.flatMap((phase) => (phase === 'settled' ? [] : [moving(phase)]))];

  it.each(all)('says what it said, $phase', (rollout) => {
    expect(parseRollout(formatRollout(rollout))).toEqual(rollout);
    for (const key of KEYS.values()) expect(formatRollout(rollout)).not.toContain(key);
  });

  it.each([
    ['[]'],
    ['{'],
    [formatRollout(moving('write')).replace('"next"', '"nxt"')],
    [formatRollout(settledOn('aesgcm')).replace(/, "digest": "\w+"/, '')],
    [formatRollout(OFF).replace('settled', 'done')],
    [formatRollout(OFF).replace('identity', 'rot13:1')],
  ])('is not guessed at: %s', (text) => {
    expect(parseRollout(text)).toBe('unreadable');
  });
});

describe('an API server', () => {
  const digest = 'ab'.repeat(32);
  const written = { digest, fileMs: 100_000, argumentsMs: 200_000 };
  const info = (hash: string) =>
    `apiserver_encryption_config_controller_last_config_info{apiserver_id_hash="sha256:1",hash="sha256:${hash}"} 1`;
  const reload = (status: string, at: number) =>
    `apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds{apiserver_id_hash="sha256:1",status="${status}"} ${at}`;
  const start = (at: number) => `process_start_time_seconds ${at}`;

  it.each<[string, readonly string[], boolean]>([
    ['tells the digest of what it has loaded', [info(digest), start(1)], true],
    ['tells another, whatever its times are', [info('cd'.repeat(32)), start(900), reload('success', 900)], false],
    ['has loaded it since it was written', [reload('success', 100.5), start(1)], true],
    ['has loaded one before', [reload('success', 99.9), start(1)], false],
    ['has failed to', [reload('failure', 150), start(1)], false],
    ['was started with it', [start(201.5)], true],
    ['may have been started before it had the flag', [start(200.5)], false],
    ['tells in powers of ten', ['process_start_time_seconds 2.015e+02'], true],
    ['tells nothing', [], false],
  ])('%s', (_, lines, loaded) => {
    expect(hasLoaded(lines, written)).toBe(loaded);
  });
});

describe('the option', () => {
  it.each([
    [{}, 'aesgcm', true],
    [{ 'encryption-at-rest': 'auto' }, 'aesgcm', true],
    [{ 'cis-mode': true }, 'aescbc', true],
    [{ 'stig-mode': true, 'encryption-at-rest': 'auto' }, 'aescbc', true],
    [{ 'cis-mode': true, 'encryption-at-rest': 'aesgcm' }, 'aesgcm', false],
    [{ 'encryption-at-rest': 'none' }, 'none', false],
  ])('%j means %s', (raw, provider, automatic) => {
    expect(readEncryptionOptions({ ...raw, 'encryption-key-rotation': '1h' })).toEqual({
      value: { provider, automatic, rotationSeconds: 3600 },
      problems: [],
    });
  });

  it('refuses what there is not', () => {
    expect(readEncryptionOptions({ 'encryption-at-rest': 'rot13' }).problems).toEqual([
      { option: 'encryption-at-rest', message: 'must be one of auto, aesgcm, aescbc, none' },
    ]);
  });
});
