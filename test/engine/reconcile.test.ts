/**
 * Guards that a change which keeps failing is reported as blocked in the end, and one that comes further each time is not; and that failures
 * are not forgotten while a plan is cut short.
 */

import { describe, expect, it } from 'vitest';
import { EncryptionFailed } from '../../src/capabilities/encryption/outcome.ts';
import { nodeOf } from '../../src/capabilities/membership/node.ts';
import { ChangeFailed } from '../../src/core/change-failed.ts';
import type { Contribution, HeldArguments } from '../../src/core/contribution.ts';
import type { Node } from '../../src/core/node.ts';
import { type Waits, withWaits } from '../../src/core/waits.ts';
import { reportOf } from '../../src/engine/reconcile.ts';
import { isWhole } from '../../src/engine/snapshot.ts';
import { leader } from '../capabilities/membership/facts.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-12-01T00:00:00Z');

/** Statuses of a unit on which a change ends like this every five minutes, for two hours. */
function statuses(end: (dispatch: number) => ChangeFailed | EncryptionFailed): ReadonlySet<string> {
  let waits: Waits = {};
  const seen = Array.from({ length: 24 }, (_, dispatch) => {
    const next = withWaits([reportOf({ id: 'a' }, end(dispatch))], waits, new Date(START + dispatch * 5 * MINUTE));
    waits = next.waits;
    return next.reports[0]?.status ?? '';
  });
  return new Set(seen);
}

describe('a change that is not done after two hours', () => {
  it('is for an operator when it fails each time', () => {
    expect(statuses(() => new ChangeFailed('waiting', 'no'))).toEqual(new Set(['waiting', 'blocked']));
    expect(statuses(() => new EncryptionFailed('waiting', 'no', 'list 500'))).toEqual(new Set(['waiting', 'blocked']));
  });

  it('only takes its time when it comes further each time', () => {
    expect(statuses((dispatch) => new EncryptionFailed('waiting', 'on', `list ${dispatch}`))).toEqual(
      new Set(['waiting']),
    );
  });
});

describe('a plan without a change that has failed', () => {
  const member = nodeOf(leader(), [], {});
  const held = (services: HeldArguments['services']) => [{ kind: 'held-arguments', services } as const];

  it('is all that is wanted where nothing cuts it short: the failure can be forgotten', () => {
    expect(isWhole(member, [])).toBe(true);
    const flags = { '--v': '2' };
    const asked = { kind: 'service-arguments', service: 'kubelet', flags, askers: {} } as const;
    expect(isWhole(member, [asked])).toBe(true);
  });

  it.each<[string, Node, readonly Contribution[]]>([
    ['nobody knows the node', nodeOf(leader({ node: undefined }), [], {}), []],
    ['an option is refused', nodeOf(leader(), [{ option: 'a', message: 'is wrong' }], {}), []],
    ['a file that arguments name cannot be written', member, held('all')],
    ['the API server is to get its encryption first', member, held(['kube-apiserver'])],
  ])('is not all while %s: what harmed the node would be tried once more', (_, node, contributions) => {
    expect(isWhole(node, contributions)).toBe(false);
  });
});
