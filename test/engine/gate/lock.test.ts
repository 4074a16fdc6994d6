import { describe, expect, it } from 'vitest';
import type { Databag } from '../../../src/clients/juju/juju.ts';
import { DONE, GRANT, grantTurns, type Rolling, release, seatOf, wantsTurn } from '../../../src/engine/gate/lock.ts';
import {
  FAILURE,
  failedElsewhere,
  LATEST_START_MS,
  LEASE_MS,
  progressOf,
  REQUEST,
  turn,
} from '../../../src/engine/gate/pool.ts';

const NOW = new Date('2026-11-23T10:00:00Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms).toISOString();
const ASKED = ago(60_000);
const request = (id: string, at = ASKED) => `{"id": "${id}", "at": "${at}", "reason": "restart"}`;
const grant = (unit: string, id: string, at = ago(0), asked = ASKED) =>
  `{"unit": "${unit}", "id": "${id}", "asked": "${asked}", "at": "${at}"}`;

function rolling(more: Partial<Rolling> = {}): Rolling {
  const usual = { relation: 'cluster:0', unit: 'k8s/0', leader: true, own: {}, shared: {}, now: NOW };
  return { ...usual, units: new Map([['k8s/1', {}]]), ...more };
}

const seat = (more: Partial<Rolling> = {}) => seatOf(rolling(more));

describe('turn', () => {
  it('needs nobody where there is nobody else', () => {
    expect(turn(seat({ units: new Map() }), 'a', 'restart')).toEqual({ kind: 'granted' });
  });

  it.each<[string, Partial<Rolling>, object]>([
    ['is asked for', {}, { kind: 'ask', entries: { [REQUEST]: request('a', ago(0)) } }],
    ['is asked for anew when something else is wanted', { own: { [REQUEST]: request('b') } }, { kind: 'ask' }],
    ['is waited for', { own: { [REQUEST]: request('a') } }, { kind: 'wait', holder: undefined }],
    [
      'is waited for while another has it',
      {
        own: { [REQUEST]: request('a') },
        units: new Map([['k8s/1', { [REQUEST]: request('a') }]]),
        shared: { [GRANT]: grant('k8s/1', 'a', ago(120_000)) },
      },
      { kind: 'wait', holder: { unit: 'k8s/1', since: new Date(ago(120_000)), work: 'restart' } },
    ],
    [
      'is waited for, and nobody is named who has released it',
      { own: { [REQUEST]: request('a') }, shared: { [GRANT]: grant('k8s/1', 'a') } },
      { kind: 'wait', holder: undefined },
    ],
    [
      'is there once granted',
      { own: { [REQUEST]: request('a') }, shared: { [GRANT]: grant('k8s/0', 'a') } },
      { kind: 'granted' },
    ],
    [
      'is not there for something else than was granted',
      { own: { [REQUEST]: request('a') }, shared: { [GRANT]: grant('k8s/0', 'b') } },
      { kind: 'wait' },
    ],
    [
      'is not there by the grant of an earlier request',
      { own: { [REQUEST]: request('a') }, shared: { [GRANT]: grant('k8s/0', 'a', ago(0), ago(120_000)) } },
      { kind: 'wait' },
    ],
    [
      'has to be asked for where a grant is left of an earlier one',
      { shared: { [GRANT]: grant('k8s/0', 'a') } },
      { kind: 'ask' },
    ],
    [
      'is not begun late',
      { own: { [REQUEST]: request('a') }, shared: { [GRANT]: grant('k8s/0', 'a', ago(LATEST_START_MS)) } },
      { kind: 'wait' },
    ],
    [
      'is not there by a grant that makes no sense',
      {
        own: { [REQUEST]: request('a') },
        shared: { [GRANT]: '{"unit": "k8s/0", "id": "a", "asked": "x", "at": "soon"}' },
      },
      { kind: 'wait' },
    ],
  ])('%s', (_, more, expected) => {
    expect(turn(seat(more), 'a', 'restart')).toMatchObject(expected);
  });

  it('can be asked for with any reason', () => {
    const decision = turn(seat(), 'a', 'set --x="quoted"\n\\');
    expect(JSON.parse(decision.kind === 'ask' ? (decision.entries[REQUEST] ?? '') : '')).toEqual({
      id: 'a',
      at: NOW.toISOString(),
      reason: 'set --x="quoted"\n\\',
    });
  });
});

describe('grantTurns', () => {
  const asks = (id: string): Databag => ({ [REQUEST]: request(id) });
  const none = () => undefined;

  it.each<[string, Partial<Rolling>, object]>([
    ['gives nothing where nobody asks', {}, {}],
    [
      'gives the lowest number its turn',
      {
        units: new Map([
          ['k8s/10', asks('a')],
          ['k8s/9', asks('a')],
        ]),
      },
      { [GRANT]: grant('k8s/9', 'a') },
    ],
    [
      'gives the leader its own',
      { own: asks('a'), units: new Map([['k8s/1', asks('a')]]) },
      { [GRANT]: grant('k8s/0', 'a') },
    ],
    [
      'leaves a turn that is being used',
      {
        units: new Map([
          ['k8s/1', asks('a')],
          ['k8s/2', asks('a')],
        ]),
        shared: { [GRANT]: grant('k8s/2', 'a', ago(LEASE_MS - 1)) },
      },
      {},
    ],
    [
      'goes on when it was given back',
      {
        units: new Map([
          ['k8s/1', asks('a')],
          ['k8s/2', {}],
        ]),
        shared: { [GRANT]: grant('k8s/2', 'a') },
      },
      { [GRANT]: grant('k8s/1', 'a') },
    ],
    [
      'goes on when its unit wants something else',
      { units: new Map([['k8s/2', asks('b')]]), shared: { [GRANT]: grant('k8s/2', 'a') } },
      { [GRANT]: grant('k8s/2', 'b') },
    ],
    [
      'goes on when its unit is gone',
      { units: new Map([['k8s/2', asks('a')]]), shared: { [GRANT]: grant('k8s/1', 'a') } },
      { [GRANT]: grant('k8s/2', 'a') },
    ],
    [
      'goes on with another when nothing was heard for too long',
      {
        units: new Map([
          ['k8s/1', asks('a')],
          ['k8s/2', asks('a')],
        ]),
        shared: { [GRANT]: grant('k8s/1', 'a', ago(LEASE_MS)) },
      },
      { [GRANT]: grant('k8s/2', 'a') },
    ],
    [
      'goes round, so that units that are down do not get every turn',
      {
        units: new Map([
          ['k8s/1', asks('a')],
          ['k8s/2', asks('a')],
          ['k8s/3', asks('a')],
        ]),
        shared: { [GRANT]: grant('k8s/2', 'a', ago(LEASE_MS)) },
      },
      { [GRANT]: grant('k8s/3', 'a') },
    ],
    [
      'gives it anew to one that asked anew',
      { units: new Map([['k8s/1', asks('a')]]), shared: { [GRANT]: grant('k8s/1', 'a', ago(0), ago(120_000)) } },
      { [GRANT]: grant('k8s/1', 'a') },
    ],
    ['takes back what nobody uses', { shared: { [GRANT]: grant('k8s/1', 'a') } }, { [GRANT]: undefined }],
    [
      'replaces a grant that makes no sense',
      { units: new Map([['k8s/1', asks('a')]]), shared: { [GRANT]: 'x' } },
      { [GRANT]: grant('k8s/1', 'a') },
    ],
    [
      'does not fall over a request that makes no sense',
      {
        units: new Map([
          ['k8s/1', { [REQUEST]: '[' }],
          ['k8s/2', asks('a')],
        ]),
      },
      { [GRANT]: grant('k8s/2', 'a') },
    ],
  ])('%s', (_, more, entries) => {
    expect(grantTurns(rolling(more), none)).toEqual({ entries });
  });

  it('says why nobody gets a turn', () => {
    const units = new Map([['k8s/1', asks('a')]]);
    expect(grantTurns(rolling({ units }), () => 'k8s/2 is joining')).toEqual({
      entries: {},
      held: 'k8s/1 waits for the rollout lock: k8s/2 is joining',
    });
  });

  it('passes over whom it must hold: the one behind may be the one whose change mends it', () => {
    const units = new Map([
      ['k8s/1', asks('a')],
      ['k8s/2', asks('a')],
    ]);
    const { entries } = grantTurns(rolling({ units }), (unit) => (unit === 'k8s/2' ? undefined : 'k8s/2 is down'));
    expect(entries).toEqual({ [GRANT]: grant('k8s/2', 'a') });
  });

  it('is asked whether all answer only when somebody waits', () => {
    expect(wantsTurn(rolling())).toBe(false);
    expect(wantsTurn(rolling({ units: new Map([['k8s/1', asks('a')]]) }))).toBe(true);
    const held = { units: new Map([['k8s/1', asks('a')]]), shared: { [GRANT]: grant('k8s/1', 'a') } };
    expect(wantsTurn(rolling(held))).toBe(false);
  });
});

describe('failures', () => {
  const failed = `[{"id": "a", "reason": "it \\"broke\\""}]`;

  it('that last are published in one form and read by the others', () => {
    expect(release({}, [{ id: 'a', reason: 'it "broke"', kind: 'undone' }])).toEqual({ [FAILURE]: failed });
    const others = seat({ units: new Map([['k8s/1', { [FAILURE]: failed }]]) });
    expect(failedElsewhere(others, { id: 'a' })).toEqual({ unit: 'k8s/1', id: 'a', reason: 'it "broke"' });
    expect(failedElsewhere(others, { id: 'x', formerId: 'a' })).toEqual({
      unit: 'k8s/1',
      id: 'a',
      reason: 'it "broke"',
    });
    expect(failedElsewhere(others, { id: 'b' })).toBeUndefined();
  });

  it('that may pass are no matter of the others', () => {
    const failure = { id: 'a', reason: 'store away', kind: 'passing', at: ago(0) } as const;
    expect(release({}, [failure])).toEqual({});
  });

  it('are released with the request, and forgotten when they are over', () => {
    expect(release({ [REQUEST]: request('a'), [FAILURE]: failed }, [])).toEqual({
      [REQUEST]: undefined,
      [FAILURE]: undefined,
    });
    expect(release({ [FAILURE]: failed }, [{ id: 'a', reason: 'it "broke"', kind: 'undone' }])).toEqual({});
  });

  it.each(['x', '{}', '[null, 1, {"id": 2}]', '[', '[]}'])('garbage of another unit (%j) holds nobody back', (text) => {
    expect(failedElsewhere(seat({ units: new Map([['k8s/1', { [FAILURE]: text }]]) }), { id: 'a' })).toBeUndefined();
  });
});

describe('how far a rollout is', () => {
  it('counts those that have made the same changes', () => {
    const units = new Map<string, Databag>([
      ['k8s/1', { [DONE]: 'a' }],
      ['k8s/2', { [DONE]: 'b' }],
    ]);
    expect(progressOf(seat({ units }), 'a')).toEqual({ number: 2, of: 3 });
    expect(progressOf(seat({ units }), 'c')).toEqual({ number: 1, of: 3 });
  });

  it('is told with the release of the lock', () => {
    expect(release({ [REQUEST]: request('a') }, [], 'a')).toEqual({ [REQUEST]: undefined, [DONE]: 'a' });
    expect(release({ [DONE]: 'a' }, [], 'a')).toEqual({});
  });
});

describe('what another unit says about its work', () => {
  it.each([
    ['of control characters and lines', '"a\\u0000b\\n\\nc"', 'a b c'],
    ['that is no text', '{"toString": 1}', ''],
    ['that is too long', JSON.stringify('word '.repeat(500)), /^(?:word )+w?o?r?d?…$/],
  ])('%s is shown as one short line', (_, reason, shown) => {
    const bag = { [REQUEST]: `{"id": "a", "at": "${ASKED}", "reason": ${reason}}` };
    const decision = turn(
      seat({
        own: { [REQUEST]: request('a') },
        units: new Map([['k8s/1', bag]]),
        shared: { [GRANT]: grant('k8s/1', 'a') },
      }),
      'a',
      'restart',
    );
    const work = decision.kind === 'wait' ? decision.holder?.work : undefined;
    expect(work).toEqual(typeof shown === 'string' ? shown : expect.stringMatching(shown));
    expect(work?.length).toBeLessThanOrEqual(200);
  });
});
