/** Guards who goes before whom: the operator's argument, a control, an option, and what stands there. */

import { describe, expect, it } from 'vitest';
import type { FlagCheck, ListFlagCheck } from '../../../../src/capabilities/hardening/control.ts';
import type { FlagDemand, Wish } from '../../../../src/capabilities/hardening/remedy/demands.ts';
import { holds } from '../../../../src/capabilities/hardening/remedy/flag-holds.ts';
import { wantedArguments } from '../../../../src/capabilities/hardening/remedy/wanted-arguments.ts';

const service = 'kube-apiserver';

function control(flag: string, wish: Wish, test?: FlagCheck['test']): FlagDemand {
  const tests = test === undefined ? [] : [{ type: 'flag', service, flag, test } as const];
  return { service, flag, wish, tests, controls: ['admission-deny-service-external-ips'], asker: 'cis-mode' };
}

function option(flag: string, wish: Wish): FlagDemand {
  return { service, flag, wish, tests: [], controls: [], asker: 'audit-log-maxage' };
}

function wanted(
  demands: readonly FlagDemand[],
  operator: Readonly<Record<string, string | null>> = {},
  untouched: Readonly<Record<string, string>> = {},
  unknown: readonly string[] = [],
) {
  return wantedArguments(service, demands, { operator, untouched, isUnknown: (flag) => unknown.includes(flag) });
}

const MAXAGE = '--audit-log-maxage';
const PLUGINS = '--enable-admission-plugins';

describe('a flag that a control asks for', () => {
  const off = control('--profiling', { set: 'false' }, { is: ['false'] });

  it.each<[string, Record<string, string | null>, Record<string, string>, string | null]>([
    ['is set where there is none', {}, {}, 'false'],
    ['is set in place of what stands there', {}, { '--profiling': 'true' }, 'false'],
    ['stays where it is good already, and is held there', {}, { '--profiling': 'false' }, 'false'],
    ['goes before what the operator gives', { '--profiling': 'true' }, {}, 'false'],
    ['goes before what the operator takes out', { '--profiling': null }, { '--profiling': 'false' }, 'false'],
  ])('%s', (_, operator, untouched, value) => {
    expect(wanted([off], operator, untouched).flags).toEqual({ '--profiling': value });
  });

  it('and that the operator has set otherwise is told of, with the way out', () => {
    expect(wanted([off], { '--profiling': 'true' }).overridden).toEqual([
      { flag: '--profiling', given: 'true', askers: 'cis-mode', controls: ['admission-deny-service-external-ips'] },
    ]);
    expect(wanted([off], { '--profiling': 'false' }).overridden).toEqual([]);
  });

  it('is left to the operator who does more than it asks', () => {
    const thirty = control(MAXAGE, { set: '30' }, { atLeast: 30 });
    expect(wanted([thirty, option(MAXAGE, { set: '45' })], { [MAXAGE]: '60' })).toEqual({
      flags: { [MAXAGE]: '60' },
      askers: {},
      standing: [],
      overridden: [],
    });
    expect(wanted([thirty, option(MAXAGE, { set: '45' })], { [MAXAGE]: '7' }).flags).toEqual({ [MAXAGE]: '45' });
  });

  it('is not asked for before there is a node whose default is not known', () => {
    expect(wanted([off], {}, {}, ['--profiling']).flags).toEqual({});
    expect(wanted([off], { '--profiling': 'true' }, {}, ['--profiling']).flags).toEqual({ '--profiling': 'false' });
  });

  it('has to please all controls that ask', () => {
    const strict = { ...control('--request-timeout', { set: '300s' }, { isNot: ['0'] }), controls: ['V-242438'] };
    const any = control('--request-timeout', { set: '60s' }, { set: true });
    expect(wanted([any, strict], { '--request-timeout': '0' }).flags).toEqual({ '--request-timeout': '300s' });
    expect(wanted([any, strict], { '--request-timeout': '5s' }).flags).toEqual({ '--request-timeout': '5s' });
  });

  it('that names a file of ours is ours whatever file the operator names', () => {
    const naming = control('--audit-policy-file', { set: '/ours' });
    expect(wanted([naming], { '--audit-policy-file': '/mine' }).flags).toEqual({ '--audit-policy-file': '/ours' });
    expect(wanted([naming], {}, { '--audit-policy-file': '/there' }).flags).toEqual({ '--audit-policy-file': '/ours' });
  });

  it('to be out is taken out, also from what the operator gives', () => {
    const out = control('--token-auth-file', { unset: true }, { set: false });
    expect(wanted([out]).flags).toEqual({ '--token-auth-file': null });
    expect(wanted([out], { '--token-auth-file': '/x' }).flags).toEqual({ '--token-auth-file': null });
  });
});

describe('a flag that an option asks for by itself', () => {
  it("gives way to the operator's argument", () => {
    const tls = option('--tls-min-version', { set: 'VersionTLS13' });
    expect(wanted([tls], {}, { '--tls-min-version': 'VersionTLS12' }).flags).toEqual({
      '--tls-min-version': 'VersionTLS13',
    });
    expect(wanted([tls], { '--tls-min-version': 'VersionTLS12' })).toMatchObject({
      flags: { '--tls-min-version': 'VersionTLS12' },
      overridden: [],
    });
  });

  it('goes before the value of a control that asks for the same, and the operator before it only with what the control takes', () => {
    const stig = control('--tls-min-version', { set: 'VersionTLS12' }, { is: ['VersionTLS12', 'VersionTLS13'] });
    const tls = option('--tls-min-version', { set: 'VersionTLS13' });
    expect(wanted([stig, tls], {}, { '--tls-min-version': 'VersionTLS12' }).flags).toEqual({
      '--tls-min-version': 'VersionTLS13',
    });
    expect(wanted([stig, tls], { '--tls-min-version': 'VersionTLS12' }).flags).toEqual({
      '--tls-min-version': 'VersionTLS12',
    });
    expect(wanted([stig, tls], { '--tls-min-version': 'VersionTLS10' }).flags).toEqual({
      '--tls-min-version': 'VersionTLS13',
    });
  });
});

describe('a list', () => {
  const add = control(PLUGINS, { add: ['EventRateLimit', 'NodeRestriction'] });
  const remove = control(PLUGINS, { remove: ['AlwaysAdmit'] });

  it.each<[string, Record<string, string | null>, Record<string, string>, string | null | undefined]>([
    ['is added to', {}, { [PLUGINS]: 'NodeRestriction' }, 'NodeRestriction,EventRateLimit'],
    ['is made where there is none', {}, {}, 'EventRateLimit,NodeRestriction'],
    [
      "is the operator's when there is one",
      { [PLUGINS]: 'PodNodeSelector' },
      { [PLUGINS]: 'NodeRestriction' },
      'PodNodeSelector,EventRateLimit,NodeRestriction',
    ],
    [
      'loses what must not be in it',
      {},
      { [PLUGINS]: 'AlwaysAdmit, NodeRestriction,EventRateLimit' },
      'NodeRestriction,EventRateLimit',
    ],
    [
      'that is good is left alone, however it is written',
      {},
      { [PLUGINS]: 'EventRateLimit, NodeRestriction' },
      undefined,
    ],
  ])('%s', (_, operator, untouched, value) => {
    const { flags, overridden } = wanted([add, remove], operator, untouched);
    expect(flags[PLUGINS]).toBe(value);
    expect(overridden).toEqual([]);
  });

  it('that becomes empty goes', () => {
    expect(wanted([remove], {}, { [PLUGINS]: 'AlwaysAdmit' }).flags).toEqual({ [PLUGINS]: null });
  });

  it('of gates has each of them once', () => {
    const gate = control('--feature-gates', { add: ['AllAlpha=false'] });
    expect(wanted([gate], { '--feature-gates': 'AllAlpha=true,Other=true' }).flags).toEqual({
      '--feature-gates': 'Other=true,AllAlpha=false',
    });
  });
});

describe('a test of a flag', () => {
  it.each<[FlagCheck['test'], string | null, boolean]>([
    [{ set: true }, 'x', true],
    [{ set: true }, null, false],
    [{ set: false }, null, true],
    [{ is: ['true', '1'] }, '1', true],
    [{ is: ['true'] }, null, false],
    [{ is: ['true'], orUnset: true }, null, true],
    [{ isNot: ['0'] }, '0', false],
    [{ atLeast: 30 }, '30', true],
    [{ atLeast: 30 }, '029', false],
    [{ atLeast: 30 }, 'many', false],
    [{ above: 0 }, '0', false],
    [{ host: '127.0.0.1' }, '127.0.0.1:10249', true],
    [{ host: '127.0.0.1' }, '127.0.0.10', false],
    [{ lastsAtLeast: '5m' }, '4m59s', false],
    [{ lastsAtLeast: '5m' }, '300s', true],
    [{ lastsAtLeast: '5m' }, '1h0.5m', true],
    [{ lastsAtLeast: '5m' }, '0', false],
    [{ lastsAtLeast: '5m' }, '5 minutes', false],
  ])('%j of %j is %j', (test, value, expected) => {
    expect(holds({ type: 'flag', service, flag: '--x', test }, value)).toBe(expected);
  });

  it.each<[Partial<ListFlagCheck>, string | null, boolean]>([
    [{ has: ['A'] }, 'B,A', true],
    [{ has: ['A'] }, 'AB', false],
    [{ lacks: ['A'] }, 'B, A', false],
    [{ lacks: ['A'], orUnset: true }, null, true],
    [{ lacks: ['A'] }, null, false],
    [{ only: ['A', 'B'] }, 'B', true],
    [{ only: ['A', 'B'] }, 'A,C', false],
  ])('%j of %j is %j', (test, value, expected) => {
    expect(holds({ type: 'list-flag', service, flag: '--x', ...test }, value)).toBe(expected);
  });
});
