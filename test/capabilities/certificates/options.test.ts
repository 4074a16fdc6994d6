import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS, readCertificateOptions } from '../../../src/capabilities/certificates/options.ts';
import { configured } from '../membership/facts.ts';

const DAY = 86_400;

const FIVE_YEARS = 5 * 365 * 86_400;

describe('the options of certificates', () => {
  it.each(['control-plane', 'worker'] as const)('of a %s are by default what the charm stands in for them', (role) => {
    expect(readCertificateOptions(configured(role))).toEqual({ value: DEFAULT_OPTIONS, problems: [] });
    expect(readCertificateOptions({})).toEqual({ value: DEFAULT_OPTIONS, problems: [] });
  });

  it.each([
    [
      '90d',
      '30d',
      { validitySeconds: 90 * DAY, renewBeforeSeconds: 30 * DAY, warnSeconds: 30 * DAY, minimumCaSeconds: FIVE_YEARS },
    ],
    [
      '1y',
      '',
      {
        validitySeconds: 365 * DAY,
        renewBeforeSeconds: undefined,
        warnSeconds: 30 * DAY,
        minimumCaSeconds: FIVE_YEARS,
      },
    ],
    [
      '10m',
      '',
      { validitySeconds: 600, renewBeforeSeconds: undefined, warnSeconds: 30 * DAY, minimumCaSeconds: FIVE_YEARS },
    ],
    [
      ' 60d ',
      ' 30d ',
      { validitySeconds: 60 * DAY, renewBeforeSeconds: 30 * DAY, warnSeconds: 30 * DAY, minimumCaSeconds: FIVE_YEARS },
    ],
    [
      '10y',
      '6mo',
      {
        validitySeconds: 3650 * DAY,
        renewBeforeSeconds: 180 * DAY,
        warnSeconds: 180 * DAY,
        minimumCaSeconds: FIVE_YEARS,
      },
    ],
  ])('validity %j and renewal %j', (validity, before, value) => {
    const raw = { 'certificate-validity': validity, 'certificate-renew-before': before };
    expect(readCertificateOptions(raw)).toEqual({ value, problems: [] });
  });

  it.each([
    ['certificate-validity', 'forever', 'must be a number and one of y, mo, d, h, m, such as 1y, 30d or 12h'],
    ['certificate-validity', '9m', 'must be at least 10m'],
    ['certificate-validity', '11y', 'must be at most 10y'],
    ['certificate-renew-before', '1w', 'must be a number and one of y, mo, d, h, m, such as 1y, 30d or 12h'],
    ['certificate-renew-before', '0d', 'must be at least 10m'],
    [
      'certificate-renew-before',
      '183d',
      'must be at most half of certificate-validity, which is 1y; else certificates would be renewed all the time',
    ],
  ])('refuse %s=%s, and say what would be right', (option, text, message) => {
    const { value, problems } = readCertificateOptions({ ...configured('worker'), [option]: text });
    expect(problems).toEqual([{ option, message }]);
    expect(Object.values(value).every((seconds) => seconds === undefined || seconds > 0)).toBe(true);
  });
});
