/** Guards each decision about encryption at rest: what is done, what is waited for, and above all what is not touched. */

import { describe, expect, it } from 'vitest';
import { describe as told } from '../../../src/capabilities/encryption/change.ts';
import { formatCipher } from '../../../src/capabilities/encryption/cipher.ts';
import { CONFIGURATION_FLAGS, digestOf } from '../../../src/capabilities/encryption/configuration.ts';
import { rotated } from '../../../src/capabilities/encryption/decide.ts';
import type { EncryptionFacts, EncryptionPlan } from '../../../src/capabilities/encryption/facts.ts';
import { keptKeys } from '../../../src/capabilities/encryption/keys.ts';
import { planEncryption } from '../../../src/capabilities/encryption/plan.ts';
import {
  advanced,
  ciphersOf,
  formatRollout,
  parseRollout,
  type Rollout,
  recovering,
} from '../../../src/capabilities/encryption/rollout.ts';
import { withWaits } from '../../../src/core/waits.ts';
import { factsOf, fileOf, KEYS, moving, must, NOW, OFF, SECRET, settledOn } from './facts.ts';

/** Kinds of changes, what is told, and what the API server gets. */
function outcome(facts: EncryptionFacts) {
  const { changes, reports, flags }: EncryptionPlan = planEncryption(facts);
  return {
    changes: changes.map((change) =>
      change.kind === 'publish-rollout' ? `publish ${change.rollout.phase}` : change.kind,
    ),
    reports: reports.map(({ status, message }) => `${status}: ${message}`),
    flags: flags === 'held' ? flags : Object.keys(flags).length > 0,
  };
}

const NONE = { changes: [], reports: [] };
const LATER = new Date(NOW.getTime() + 31 * 86_400_000);
const nothing = { state: 'missing' } as const;

describe('a cluster that is to be made', () => {
  const founding = { place: 'founding', flag: 'absent', file: undefined, published: undefined } as const;
  const storing = ['maintenance: Storing the encryption key of Secrets in Juju'];
  const born = settledOn('aesgcm');
  const store = { state: 'read', uri: SECRET, keys: new Map([...KEYS].slice(0, 1)) } as const;

  it.each<[string, Partial<EncryptionFacts>, ReturnType<typeof outcome>]>([
    ['makes its key first of all', { store: nothing }, { changes: ['make-key'], reports: storing, flags: 'held' }],
    [
      'also before it has a snap and peers, of which others tell',
      { store: nothing, installed: false, relation: '' },
      { changes: ['make-key'], reports: [], flags: 'held' },
    ],
    ['does not use it in the dispatch that has made it', { fresh: true }, { ...NONE, reports: storing, flags: 'held' }],
    ['waits for its peers with it', { store, relation: '' }, { ...NONE, flags: 'held' }],
    ['says what it is born with', { store }, { changes: ['publish settled'], reports: [], flags: 'held' }],
    [
      'has the file before anything starts',
      { store, rollout: born },
      { changes: ['write-file'], reports: [], flags: 'held' },
    ],
    [
      'knows with which file it comes into being',
      { store, rollout: born, file: fileOf(born) },
      { changes: ['note-birth'], reports: [], flags: 'held' },
    ],
    [
      'gives the API server its flags then',
      { store, rollout: born, file: fileOf(born), memory: { ...factsOf(born).memory, born: born.digest } },
      { ...NONE, flags: true },
    ],
    [
      'takes nothing over from a cluster of before',
      { store, rollout: moving('write') },
      { changes: ['publish settled'], reports: [], flags: 'held' },
    ],
    [
      'has none where none is wanted',
      { options: { ...factsOf(born).options, provider: 'none' } },
      { ...NONE, flags: false },
    ],
    ['leaves an operator his own', { flag: 'foreign' }, { ...NONE, flags: false }],
  ])('%s', (_, changes, expected) => {
    expect(outcome(factsOf(undefined, { ...founding, ...changes }))).toEqual(expected);
  });

  it('that an operator wants to encrypt in two ways is told so', () => {
    const options = { ...factsOf(born).options, automatic: false };
    expect(outcome(factsOf(undefined, { ...founding, flag: 'foreign', options })).reports).toEqual([
      expect.stringMatching(/^blocked: encryption-at-rest: kube-apiserver has an encryption configuration of its own/),
    ]);
  });
});

describe('a control plane that joins', () => {
  const joining = { place: 'joining', leader: false, flag: 'absent', file: undefined, published: undefined } as const;
  const rollout = moving('write');

  it.each<[string, Partial<EncryptionFacts>, ReturnType<typeof outcome>]>([
    ['has the file of the present step before', {}, { changes: ['write-file'], reports: [], flags: 'held' }],
    [
      'waits until it may read the keys',
      { store: nothing },
      { changes: [], reports: [`waiting: Waiting to read the encryption keys (Juju secret ${SECRET})`], flags: 'held' },
    ],
    [
      'waits for keys that are those of the step',
      { store: { state: 'read', uri: SECRET, keys: new Map([...KEYS, [2, must(KEYS.get(3))]]) } },
      { changes: [], reports: ['waiting: Waiting for the encryption keys of step 3'], flags: 'held' },
    ],
    [
      'replaces a file that others can read',
      { file: fileOf(rollout, false) },
      { changes: ['write-file'], reports: [], flags: 'held' },
    ],
    ['joins as it is where nothing is encrypted', { rollout: OFF }, { ...NONE, flags: false }],
    ['joins as it is where nothing was ever said', { rollout: undefined }, { ...NONE, flags: false }],
  ])('%s', (_, changes, expected) => {
    expect(outcome(factsOf(rollout, { ...joining, ...changes }))).toEqual(expected);
  });
});

describe('a member', () => {
  const settled = settledOn('aesgcm');
  const follower = { leader: false } as const;
  const before = fileOf(settled);
  const others = new Map([['k8s/1', moving('write').digest]]);
  const unsure = { published: undefined, memory: { ...factsOf(settled).memory, notLoaded: settled.digest } };

  it.each<[string, EncryptionFacts, ReturnType<typeof outcome>]>([
    ['on which nothing moves does nothing', factsOf(settled), { ...NONE, flags: true }],
    [
      'of a cluster without encryption does nothing',
      factsOf(OFF, { options: { ...factsOf(OFF).options, provider: 'none' } }),
      { ...NONE, flags: false },
    ],
    [
      'takes the file of the next step',
      factsOf(moving('prepare'), { ...follower, file: before }),
      { changes: ['write-file'], reports: [], flags: true },
    ],
    [
      'puts back a file that is gone',
      factsOf(settled, { file: undefined }),
      { changes: ['write-file'], reports: [], flags: true },
    ],
    [
      'keeps a file with a key that is nowhere else',
      factsOf(settled, { ...follower, file: { text: 'secret: AAAA\n', digest: digestOf('x'), guarded: true } }),
      {
        changes: [],
        reports: [expect.stringMatching(/^blocked: .*enc.yaml has a key that is in no Juju secret/)],
        flags: true,
      },
    ],
    [
      'overwrites nothing while the keys cannot be read',
      factsOf(moving('prepare'), { ...follower, file: before, store: nothing }),
      { changes: [], reports: [`waiting: Waiting to read the encryption keys (Juju secret ${SECRET})`], flags: true },
    ],
    [
      'has the file before the flags',
      factsOf(settled, { ...follower, file: undefined, flag: 'absent' }),
      { changes: ['write-file'], reports: [], flags: false },
    ],
    [
      'asks nothing of an API server that has yet to restart',
      factsOf(settled, { ...follower, published: undefined, restarted: false }),
      { ...NONE, flags: true },
    ],
    [
      'sees that the file is loaded',
      factsOf(settled, { ...follower, published: 'former' }),
      { changes: ['confirm'], reports: [], flags: true },
    ],
    [
      'says at once what it was born with',
      factsOf(settled, {
        ...follower,
        published: undefined,
        memory: { ...factsOf(settled).memory, born: settled.digest },
      }),
      { changes: ['publish-in-service'], reports: [], flags: true },
    ],
    [
      'restarts an API server that has not loaded it in time',
      factsOf(settled, { ...follower, ...unsure }),
      { changes: ['restart'], reports: [], flags: true },
    ],
    [
      'does so once',
      factsOf(settled, { ...follower, ...unsure, memory: { ...unsure.memory, restartedFor: settled.digest } }),
      { changes: ['confirm'], reports: [], flags: true },
    ],
    [
      'takes the flags out when nothing is encrypted any more',
      factsOf(OFF, { ...follower, flag: 'ours', file: before }),
      { ...NONE, flags: false },
    ],
    [
      'takes the file away after that',
      factsOf(OFF, { ...follower, file: before, published: 'x' }),
      { changes: ['remove-file', 'publish-in-service'], reports: [], flags: false },
    ],
    [
      'keeps its flags where the databag says what nobody understands',
      factsOf(settled, { rollout: 'unreadable' }),
      { changes: [], reports: [expect.stringMatching(/^blocked: What the peer relation says/)], flags: true },
    ],
    [
      'leaves the configuration of an operator alone',
      factsOf(undefined, { flag: 'foreign' }),
      { ...NONE, flags: false },
    ],
    [
      'that leads waits for the others',
      factsOf(moving('prepare'), { others }),
      {
        changes: [],
        reports: [
          expect.stringMatching(
            /^waiting: Moving Secrets from aesgcm to key 2 \(aescbc\): step 1 of 4.*; waiting for k8s\/1$/,
          ),
        ],
        flags: true,
      },
    ],
  ])('%s', (_, facts, expected) => {
    expect(outcome(facts)).toEqual(expected);
  });

  it.each(['prepare', 'write', 'drop'] as const)(
    'that does not come to %s within hours is for an operator',
    (phase) => {
      const waiting = planEncryption(factsOf(moving(phase), { others: new Map([['k8s/1', 'another']]) }));
      const { waits } = withWaits(waiting.reports, {}, NOW);
      const hoursLater = (hours: number) =>
        withWaits(waiting.reports, waits, new Date(NOW.getTime() + hours * 3_600_000)).reports[0];
      expect(hoursLater(2)).toMatchObject({ status: 'waiting' });
      expect(hoursLater(3)).toMatchObject({
        status: 'blocked',
        message: expect.stringMatching(/waiting for k8s\/1 \(since .*\); see the status of k8s\/1; remove the unit/),
      });
    },
  );

  it.each<[string, EncryptionFacts, boolean]>([
    ['that leads and begins', factsOf(undefined), true],
    ['that has just begun, before Juju has committed the key', factsOf(undefined, { fresh: true }), true],
    ['that is to write its first file', factsOf(settled, { flag: 'absent', file: undefined }), true],
    [
      'that waits for the keys of its first file',
      factsOf(settled, { flag: 'absent', file: undefined, store: nothing }),
      true,
    ],
    ['that has its file', factsOf(settled, { flag: 'absent' }), false],
    ['that is to write another file', factsOf(settled, { file: undefined }), false],
    ['where none is wanted', factsOf(undefined, { options: { ...factsOf(settled).options, provider: 'none' } }), false],
  ])('%s has other arguments wait, so that the API server restarts once: %#', (_, facts, coming) => {
    expect(planEncryption(facts).coming ?? false).toBe(coming);
  });

  it('gives an API server both flags', () => {
    expect(planEncryption(factsOf(settled)).flags).toEqual(CONFIGURATION_FLAGS);
  });
});

describe('the leader', () => {
  const settled = settledOn('aesgcm');
  const options = factsOf(settled).options;
  const lost = { store: nothing } as const;

  it.each<[string, EncryptionFacts, readonly string[]]>([
    ['begins with a cluster that was never encrypted', factsOf(undefined), ['begin']],
    ['leaves one alone where none is wanted', factsOf(undefined, { options: { ...options, provider: 'none' } }), []],
    [
      'takes up a cluster that was born in a dispatch that Juju lost',
      factsOf(undefined, {
        flag: 'ours',
        file: fileOf(settledOn('aescbc', 3)),
        store: { state: 'read', uri: SECRET, keys: new Map([[3, must(KEYS.get(3))]]) },
      }),
      ['publish settled'],
    ],
    ['moves to what the option asks for', factsOf(settled, { options: { ...options, provider: 'aescbc' } }), ['begin']],
    ['moves to nothing', factsOf(settled, { options: { ...options, provider: 'none' } }), ['begin']],
    ['replaces a key when its time has come', factsOf(settled, { now: LATER }), ['begin']],
    [
      'never where there is no time for it',
      factsOf(settled, { now: LATER, options: { ...options, rotationSeconds: undefined } }),
      [],
    ],
    [
      'ends one move before the next',
      factsOf(moving('prepare'), { options: { ...options, provider: 'none' } }),
      ['publish write'],
    ],
    ['goes on when all know the key', factsOf(moving('prepare')), ['publish write']],
    ['goes on when all write with it', factsOf(moving('write')), ['publish rewrite']],
    ['has every Secret written anew', factsOf(moving('rewrite')), ['rewrite']],
    [
      'says that all is under the key when all have forgotten the former one',
      factsOf(moving('drop')),
      ['publish forget'],
    ],
    ['forgets the former key when Juju has that', factsOf(moving('forget')), ['settle']],
    ['not before', factsOf(moving('forget'), { fresh: true }), []],
    ['does not go on with a key that Juju may lose', factsOf(moving('prepare'), { fresh: true }), []],
    ['stores keys that were lost again, out of the file in service', factsOf(settled, lost), ['restore-keys']],
    ['has nothing to store them from without that file', factsOf(settled, { ...lost, file: undefined }), []],
    [
      'tells where the keys are when that has changed',
      factsOf(settled, { store: { state: 'read', uri: 'secret:other', keys: KEYS } }),
      ['publish settled'],
    ],
  ])('%s', (_, facts, changes) => {
    expect(outcome(facts).changes).toEqual(changes);
  });

  it('asks for the file where keys and file are lost', () => {
    expect(outcome(factsOf(settled, { ...lost, file: undefined })).reports).toEqual([
      expect.stringMatching(
        /^blocked: The Juju secret with the encryption keys \(secret:keys\) is gone, .*restore that file/,
      ),
    ]);
  });

  it('blocks where a file is in service whose keys nobody has', () => {
    const facts = factsOf(undefined, { flag: 'ours', file: fileOf(settled), store: nothing });
    expect(outcome(facts)).toMatchObject({
      changes: [],
      reports: [expect.stringMatching(/^blocked: kube-apiserver uses .*enc.yaml, whose keys are in no Juju secret/)],
      flags: true,
    });
  });

  it.each([
    [OFF, 'Secrets are not encrypted: there is no key to rotate'],
    [moving('write'), 'a key is being rolled out already'],
    [moving('forget'), 'a key is being rolled out already'],
  ])('replaces no key on demand where %#', (rollout, message) => {
    expect(() => rotated(factsOf(rollout))).toThrow(message);
  });

  it('describes no change with a key in it', () => {
    const all = (['prepare', 'write', 'rewrite', 'drop', 'forget'] as const).flatMap((phase) => [
      ...planEncryption(factsOf(moving(phase))).changes,
      ...planEncryption(factsOf(moving(phase), { file: undefined })).changes,
    ]);
    const text = all.map(told).join('\n');
    expect(text.length).toBeGreaterThan(100);
    for (const key of KEYS.values()) expect(text).not.toContain(key.slice(0, 12));
  });
});

describe('a datastore that has Secrets under other keys than the API servers read', () => {
  const settled = settledOn('aesgcm', 3);
  const unopened = (...ciphers: readonly string[]) => ({
    ciphers,
    stored: {
      under: Object.fromEntries(ciphers.map((cipher) => [cipher, 2])),
      names: Object.fromEntries(ciphers.map((cipher) => [cipher, [{ namespace: 'ci', name: 'a' }]])),
      total: 9,
      until: undefined,
    },
  });

  it.each<[string, Rollout, readonly string[], string]>([
    ['one earlier key', settled, ['aesgcm:1'], 'write now=aesgcm:1 next=aesgcm:3 also='],
    ['two of two providers', settled, ['aesgcm:1', 'aescbc:2'], 'write now=aesgcm:1 next=aesgcm:3 also=aescbc:2'],
    ['none at all', settled, ['identity'], 'write now=identity next=aesgcm:3 also='],
    ['a key, though nothing is encrypted any more', OFF, ['aesgcm:1'], 'write now=aesgcm:1 next=identity also='],
  ])('under %s reads them again and brings them to where the others are', (_, rollout, ciphers, wanted) => {
    const [change] = planEncryption(
      factsOf(rollout, { options: off(rollout), unopened: unopened(...ciphers) }),
    ).changes;
    const next = must(change?.kind === 'publish-rollout' ? change.rollout : undefined);
    const { phase, now, next: goal, also = [] } = next;
    const told = `${phase} now=${formatCipher(now)} next=${formatCipher(must(goal))} also=${also.map(formatCipher).join(' ')}`;
    expect([told, next.step]).toEqual([wanted, rollout.step + 1]);
    // Any leader reads it as it was written, and comes to the end as ever.
    expect(parseRollout(formatRollout(next))).toEqual(next);
    let at = next;
    while (at.phase !== 'settled') at = must(advanced(at, KEYS, NOW));
    expect(at).toMatchObject({ now: rollout.now, last: rollout.last });
    expect('also' in at).toBe(false);
  });

  it('in the middle of a rotation keeps reading everything', () => {
    for (const phase of ['prepare', 'write', 'rewrite', 'drop'] as const) {
      const next = must(recovering(moving(phase), [{ provider: 'aesgcm', key: 3 }], KEYS, NOW));
      const read = ciphersOf(next).map(formatCipher);
      expect(read.toSorted()).toEqual(['aescbc:2', 'aesgcm:1', 'aesgcm:3']);
      expect(read[0]).toBe(phase === 'prepare' ? 'aesgcm:1' : 'aescbc:2');
    }
  });

  it('under a key that is nowhere blocks, names them, and still recovers the others', () => {
    expect(outcome(factsOf(settled, { unopened: unopened('aesgcm:9') }))).toMatchObject({
      changes: [],
      reports: [
        expect.stringMatching(
          /^blocked: 2 Secrets in the datastore cannot be opened .*: ci\/a and 1 more under aesgcm:9/,
        ),
      ],
    });
    expect(outcome(factsOf(settled, { unopened: unopened('aesgcm:9', 'aesgcm:1') }))).toMatchObject({
      changes: ['publish write'],
      reports: [expect.stringMatching(/^blocked: 2 Secrets/)],
    });
  });

  it('keeps the last previous keys, and the one in use whatever its number', () => {
    const keys = new Map(Array.from({ length: 40 }, (_, index) => [index + 1, KEYS.get(1) ?? ''] as const));
    expect([...keptKeys(keys, 40).keys()]).toEqual(Array.from({ length: 25 }, (_, index) => index + 16));
    expect(keptKeys(keys, 2).has(2)).toBe(true);
    expect([...keptKeys(keys, undefined).keys()].length).toBe(24);
  });
});

function off(rollout: Rollout): EncryptionFacts['options'] {
  const provider = rollout.now === 'identity' ? 'none' : rollout.now.provider;
  return { provider, automatic: false, rotationSeconds: undefined };
}
