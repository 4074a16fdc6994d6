import { describe, expect, it } from 'vitest';
import { missingSans } from '../../../src/capabilities/certificates/sans.ts';
import { apiServerSans } from '../../../src/core/api-server-names.ts';

const NAMES = {
  addresses: ['10.0.0.10'],
  extraSans: [],
  clusterDomain: 'cluster.local',
  serviceCidr: '10.152.183.0/24',
};

describe('apiServerSans', () => {
  it('are the names by which pods, nodes and operators know the API server', () => {
    expect(apiServerSans({ ...NAMES, extraSans: ['API.example.com'] })).toEqual({
      all: [
        '10.0.0.10',
        '10.152.183.1',
        '127.0.0.1',
        'api.example.com',
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
      ],
      extra: ['10.0.0.10', 'api.example.com'],
    });
  });

  it.each([
    [
      'order and form do not matter',
      { addresses: ['2001:0DB8::1', '10.0.0.10', '10.0.0.10'] },
      ['10.0.0.10', '2001:db8::1'],
    ],
    ['a zone is of no use to others', { addresses: ['10.0.0.10', 'fe80::1%eth0', ''] }, ['10.0.0.10']],
    [
      'k8sd knows no other domain',
      { clusterDomain: 'example.org' },
      ['10.0.0.10', 'kubernetes.default.svc.example.org'],
    ],
    ['no domain is the usual one', { clusterDomain: '' }, ['10.0.0.10']],
  ])('%s', (_, more, extra) => {
    expect(apiServerSans({ ...NAMES, ...more }).extra).toEqual(extra);
  });

  it.each([
    ['10.152.183.0/24,fd98::/108', ['10.152.183.1', 'fd98::1']],
    ['10.0.255.255/16', ['10.0.0.1']],
    ['10.96.10.10/20', ['10.96.0.1']],
    ['10.96.0.0/12, fd98::5:0/108', ['10.96.0.1', 'fd98::1']],
    ['not a range', []],
    [undefined, []],
    ['', []],
  ])('of services in %s', (serviceCidr, expected) => {
    const without = new Set(apiServerSans({ ...NAMES, serviceCidr: undefined }).all);
    expect(apiServerSans({ ...NAMES, serviceCidr }).all.filter((san) => !without.has(san))).toEqual(expected);
  });

  it('of a machine with IPv6 only lead to its loopback address', () => {
    const { all } = apiServerSans({ ...NAMES, addresses: ['2001:db8::1'] });
    expect(all).toContain('::1');
    expect(all).not.toContain('127.0.0.1');
  });
});

describe('missingSans', () => {
  it.each([
    ['api.example.com', ['*.example.com'], true],
    ['a.api.example.com', ['*.example.com'], false],
    ['example.com', ['*.example.com'], false],
    ['*.example.com', ['*.example.com'], true],
    ['kubernetes', ['*'], false],
    ['10.0.0.10', ['*.0.0.10'], false],
  ])('%s is covered by %j: %s (RFC 6125 section 6.4.3)', (wanted, present, covered) => {
    expect(missingSans(present, [wanted])).toEqual(covered ? [] : [wanted]);
  });
});
