import { describe, expect, it } from 'vitest';
import {
  missingSans,
  parseSanParameter,
  parseSubjectAltName,
  sansToRequest,
} from '../../../src/capabilities/certificates/sans.ts';
import { normaliseSan } from '../../../src/core/san.ts';

describe('normaliseSan', () => {
  it.each([
    ['API.Example.COM', 'api.example.com'],
    [' 10.0.0.1 ', '10.0.0.1'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0000:0000:0000:0000:0000:ffff:c000:0201', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:0:1', '0.0.0.1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
  ])('%s is %s (RFC 5952)', (san, expected) => {
    expect(normaliseSan(san)).toBe(expected);
  });
});

describe('parseSubjectAltName', () => {
  it.each([
    ['DNS:b.example, DNS:A.example, IP Address:10.0.0.1', ['10.0.0.1', 'a.example', 'b.example']],
    ['IP Address:2001:DB8:0:0:0:0:0:1, DNS:x', ['2001:db8::1', 'x']],
    ['URI:spiffe://a/b, email:a@b.example, DNS:x', ['x']],
    ['DNS:x, DNS:x', ['x']],
    ['', []],
    [undefined, []],
  ])('%s', (text, expected) => {
    expect(parseSubjectAltName(text)).toEqual(expected);
  });
});

describe('parseSanParameter', () => {
  it('takes commas and blanks, and gives each once in one form', () => {
    expect(
      parseSanParameter('extra-sans', 'A.example, b.example\n10.0.0.1,,a.example *.c.example 2001:DB8::1'),
    ).toEqual(['a.example', 'b.example', '10.0.0.1', '*.c.example', '2001:db8::1']);
  });

  it.each(['a_b.example', '10.0.0.1/24', 'https://a.example', 'a..b', '-a.example', 'fe80::1%eth0', '*'])(
    'refuses %s',
    (text) => {
      expect(() => parseSanParameter('extra-sans', text)).toThrow(
        `extra-sans has "${text}", which is neither a DNS name nor an IP address`,
      );
    },
  );
});

describe('missingSans', () => {
  it('compares in one form', () => {
    const present = ['10.0.0.1', '2001:db8::1', 'a.example'];
    const wanted = [
      'A.example',
      '2001:0db8:0000:0000:0000:0000:0000:0001',
      '::ffff:10.0.0.1',
      'b.example',
      'B.EXAMPLE',
    ];
    expect(missingSans(present, wanted)).toEqual(['b.example']);
  });
});

describe('sansToRequest', () => {
  it('keeps what the certificate has, adds, and leaves out what k8sd puts in by itself', () => {
    const present = ['kubernetes', 'kubernetes.default.svc.cluster.local', '10.0.0.1', 'old.example'];
    expect(sansToRequest(present, ['New.example', '10.0.0.1'])).toEqual(['10.0.0.1', 'new.example', 'old.example']);
  });
});
