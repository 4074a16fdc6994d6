import { describe, expect, it } from 'vitest';
import {
  changeId,
  FAILURE,
  GRANT,
  grantTurns,
  LATEST_START_MS,
  LEASE_MS,
  REQUEST,
  type Rolling,
  reasonNotToTry,
  release,
  turn,
  wantsTurn,
} from '../../src/cluster/rolling.ts';
import type { Databag } from '../../src/juju/juju.ts';

const NOW = new Date('2026-11-23T10:00:00Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms).toISOString();
const ASKED = ago(60_000);
const request = (id: string, at = ASKED) => `{"id": "${id}", "at": "${at}", "reason": "restart"}`;
const grant = (unit: string, id: string, at = ago(0), asked = ASKED) =>
  `{"unit": "${unit}", "id": "${id}", "asked": "${asked}", "at": "${at}"}`;

function rolling(more: Partial<Rolling> = {}): Rolling {
  return { unit: 'k8s/0', leader: true, own: {}, units: new Map([['k8s/1', {}]]), shared: {}, now: NOW, ...more };
}

describe('turn', () => {
  it('needs nobody where there is nobody else', () => {
    expect(turn(rolling({ units: new Map() }), 'a', 'restart')).toEqual({ kind: 'granted' });
  });

  it.each<[string, Partial<Rolling>, object]>([
    ['is asked for', {}, { kind: 'ask', entries: { [REQUEST]: request('a', ago(0)) } }],
    ['is asked for anew when something else is wanted', { own: { [REQUEST]: request('b') } }, { kind: 'ask' }],
    ['is waited for', { own: { [REQUEST]: request('a') } }, { kind: 'wait', reason: 'the leader gives the turns' }],
    [
      'is waited for while another has it',
      { own: { [REQUEST]: request('a') }, shared: { [GRANT]: grant('k8s/1', 'a') } },
      { kind: 'wait', reason: 'k8s/1 has its turn' },
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
    expect(turn(rolling(more), 'a', 'restart')).toMatchObject(expected);
  });

  it('can be asked for with any reason', () => {
    const decision = turn(rolling(), 'a', 'set --x="quoted"\n\\');
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
      held: 'k8s/1 waits for its turn: k8s/2 is joining',
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

  it('are published in one form and read by the others', () => {
    expect(release({}, [{ id: 'a', reason: 'it "broke"' }])).toEqual({ [FAILURE]: failed });
    const others = rolling({ units: new Map([['k8s/1', { [FAILURE]: failed }]]) });
    expect(reasonNotToTry(others, [], 'a')).toBe('not tried here, since it failed on k8s/1: it "broke"');
    expect(reasonNotToTry(others, [], 'b')).toBeUndefined();
  });

  it('of the unit itself hold it back, too, with and without others', () => {
    expect(reasonNotToTry(undefined, [{ id: 'a', reason: 'broke' }], 'a')).toBe('broke');
  });

  it('are released with the request, and forgotten when they are over', () => {
    expect(release({ [REQUEST]: request('a'), [FAILURE]: failed }, [])).toEqual({
      [REQUEST]: undefined,
      [FAILURE]: undefined,
    });
    expect(release({ [FAILURE]: failed }, [{ id: 'a', reason: 'it "broke"' }])).toEqual({});
  });

  it.each(['x', '{}', '[null, 1, {"id": 2}]', '[', '[]}'])('garbage of another unit (%j) holds nobody back', (text) => {
    expect(reasonNotToTry(rolling({ units: new Map([['k8s/1', { [FAILURE]: text }]]) }), [], 'a')).toBeUndefined();
  });
});

describe('changeId', () => {
  it('is one for the same changes in the same order', () => {
    expect(changeId(['a', 'b'])).toBe(changeId(['a', 'b']));
    expect(changeId(['a', 'b'])).not.toBe(changeId(['b', 'a']));
    expect(changeId(['a'])).toMatch(/^[0-9a-f]{16}$/);
  });
});
