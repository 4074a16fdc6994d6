import { describe, expect, it } from 'vitest';
import {
  canonicalAddress,
  canonicalRanges,
  dualStackProblem,
  firstAddressOf,
  isAddressRange,
  isCidr,
  joinAddresses,
  overlap,
  withoutPort,
  withPort,
} from '../../src/core/addresses.ts';

describe('isCidr', () => {
  it.each(['10.1.0.0/16', '0.0.0.0/0', '10.0.0.1/32', '2001:db8::/32', '::/0', 'fd00::1/128'])('takes %s', (text) => {
    expect(isCidr(text)).toBe(true);
  });

  it.each([
    '10.1.0.0',
    '10.1.0.0/33',
    '10.1.0/16',
    '10.1.0.0/16/8',
    '10.1.0.0/',
    '10.1.0.0/-1',
    '::/129',
    '10.1.0.0/016',
    '010.1.0.0/16',
    'fe80::1%eth0/64',
    '',
  ])('refuses %j', (text) => {
    expect(isCidr(text)).toBe(false);
  });
});

describe('isAddressRange', () => {
  it.each([
    ['192.0.2.10-192.0.2.20', true],
    ['192.0.2.9-192.0.2.10', true],
    ['192.0.2.10-192.0.2.10', true],
    ['192.0.2.20-192.0.2.10', false],
    ['fd00::9-fd00::a', true],
    ['fd00::1:0-fd00::ffff', false],
    ['::ffff:192.0.2.1-::ffff:192.0.2.9', true],
    ['192.0.2.1-fd00::1', false],
    ['192.0.2.1', false],
    ['192.0.2.1-192.0.2.2-192.0.2.3', false],
    ['fe80::1%eth0-fe80::2%eth0', false],
  ])('%s: %s', (text, expected) => {
    expect(isAddressRange(text)).toBe(expected);
  });
});

describe('dualStackProblem', () => {
  it.each([
    ['10.1.0.0/16', undefined],
    ['10.1.0.0/16,fd01::/108', undefined],
    ['fd01::/108, 10.1.0.0/16', undefined],
    ['10.1.0.0/16,10.2.0.0/16', 'has two ranges of one family; give one IPv4 and one IPv6'],
    ['10.1.0.0/16,fd01::/108,fd02::/108', 'has more than two ranges; give one, or one IPv4 and one IPv6'],
    ['10.1.0.0/16,pods', 'has "pods", which is not a CIDR such as 10.1.0.0/16'],
  ])('%s', (text, expected) => {
    expect(dualStackProblem(text)).toBe(expected);
  });
});

describe('overlap', () => {
  it.each([
    ['10.1.0.0/16', '10.1.128.0/24', true],
    ['10.1.128.0/24', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.152.183.0/24', false],
    ['10.1.0.0/16,fd01::/108', '10.2.0.0/16, fd01::/112', true],
    ['10.1.0.0/16,fd01::/108', '10.2.0.0/16,fd02::/108', false],
    ['0.0.0.0/0', 'fd01::/108', false],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(overlap(one, other)).toBe(expected);
  });
});

describe('ranges with bits behind the prefix', () => {
  it.each([
    ['10.96.10.10/20', '10.96.0.0/20', '10.96.0.1'],
    ['10.152.183.0/24', '10.152.183.0/24', '10.152.183.1'],
    ['10.0.255.255/16', '10.0.0.0/16', '10.0.0.1'],
    ['FD98:0::5/108', 'fd98::/108', 'fd98::1'],
    ['fd98::1:ffff/112', 'fd98::1:0/112', 'fd98::1:1'],
    ['10.0.0.255/32', '10.0.0.255/32', '10.0.1.0'],
  ])('%s is %s, of which the first address is %s', (range, canonical, first) => {
    expect(canonicalRanges(range)).toBe(canonical);
    expect(firstAddressOf(range)).toBe(first);
  });

  it('keeps the order of two', () => {
    expect(canonicalRanges('fd98::5/108, 10.96.10.10/20')).toBe('fd98::/108,10.96.0.0/20');
  });
});

describe('canonicalAddress', () => {
  it.each([
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:0201', '192.0.2.1'],
    ['10.0.0.4', '10.0.0.4'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1::1', '2001:0:0:1::1'],
  ])('%s is %s', (address, expected) => {
    expect(canonicalAddress(address)).toBe(expected);
  });
});

describe('joinAddresses', () => {
  it.each([
    [
      'one of each family, IPv4 first',
      ['fd00::1', '10.0.0.4'],
      [],
      ['10.0.0.4', 'fd00:0000:0000:0000:0000:0000:0000:0001'],
    ],
    ['the one in the narrowest egress subnet', ['10.0.0.4', '10.9.0.4'], ['10.0.0.0/8', '10.9.0.0/24'], ['10.9.0.4']],
    ['the lowest by value, not by text', ['10.0.0.10', '10.0.0.9'], ['10.0.0.0/24'], ['10.0.0.9']],
    ['no name', ['machine-0', '10.0.0.4'], [], ['10.0.0.4']],
    ['no address with a zone', ['fe80::1%eth0'], [], []],
    ['none of none', [], ['10.0.0.0/8'], []],
  ])('gives %s', (_, ingress, egress, expected) => {
    expect(joinAddresses(ingress, egress)).toEqual(expected);
  });

  it.each([
    ['::', '0000:0000:0000:0000:0000:0000:0000:0000'],
    ['::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
    ['2001:db8::', '2001:0db8:0000:0000:0000:0000:0000:0000'],
    ['2001:db8:1:2:3:4:5:6', '2001:0db8:0001:0002:0003:0004:0005:0006'],
    ['1::2:3', '0001:0000:0000:0000:0000:0000:0002:0003'],
    ['::ffff:192.0.2.1', '0000:0000:0000:0000:0000:ffff:c000:0201'],
  ])('writes %s out in full, as existing charms do', (address, expected) => {
    expect(joinAddresses([address], [])).toEqual([expected]);
  });
});

describe('ports', () => {
  it.each([
    ['10.0.0.4', '10.0.0.4:6400'],
    ['2001:db8::1', '[2001:db8::1]:6400'],
  ])('%s is put beside a port and found again', (address, expected) => {
    expect(withPort(address, 6400)).toBe(expected);
    expect(withoutPort(expected)).toBe(address);
    expect(withoutPort(address)).toBe(address);
  });
});
