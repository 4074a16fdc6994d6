/** Guards that a wait which should end by itself does not go on in silence for ever. */

import { describe, expect, it } from 'vitest';
import { parseReports, type Report } from '../../src/core/report.ts';
import { formatWaits, parseWaits, withWaits } from '../../src/core/waits.ts';

const NOW = new Date('2026-12-01T10:31:00Z');
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const WAIT: Report = {
  status: 'waiting',
  message: 'Bootstrap failed: no',
  lasts: { key: 'bootstrap', atMostMs: 30 * 60_000, way: 'see snap logs k8s' },
};

describe('a wait', () => {
  it('becomes blocked when it has lasted too long, with the time since when, whatever its words are', () => {
    const { reports, waits } = withWaits([WAIT], {}, NOW);
    expect(reports).toEqual([WAIT]);
    const other = { ...WAIT, message: 'Bootstrap failed: still no' };
    expect(withWaits([other], waits, later(29)).reports).toEqual([other]);
    expect(withWaits([other], waits, later(30)).reports).toEqual([
      {
        status: 'blocked',
        message: 'Bootstrap failed: still no (since 2026-12-01 10:31 UTC); see snap logs k8s',
      },
    ]);
  });

  it('that ends counts anew when it comes again', () => {
    const { waits } = withWaits([WAIT], {}, NOW);
    const between = withWaits([], waits, later(20)).waits;
    expect(withWaits([WAIT], between, later(40)).reports).toEqual([WAIT]);
  });

  it('of no known length, and what is no wait, is left as it is', () => {
    const reports: Report[] = [
      { status: 'waiting', message: 'a' },
      { status: 'blocked', message: 'b', lasts: { key: 'b', atMostMs: 0 } },
    ];
    expect(withWaits(reports, {}, NOW)).toEqual({ reports, waits: {} });
  });

  it('is remembered as it was written; nonsense counts from now on', () => {
    const { waits } = withWaits([WAIT], {}, NOW);
    expect(parseWaits(formatWaits(waits))).toEqual(waits);
    expect(formatWaits({})).toBeUndefined();
    for (const text of ['x', '[]', '{"a": 1}', '{"a": "soon"}', undefined]) expect(parseWaits(text)).toEqual({});
  });
});

it('reports that were remembered are read as they were written, also those of older revisions', () => {
  expect(parseReports(JSON.stringify([WAIT]))).toEqual([WAIT]);
  expect(parseReports('[{"status":"waiting","message":"Node a is not ready"}]')).toEqual([
    { status: 'waiting', message: 'Node a is not ready' },
  ]);
  for (const text of [undefined, 'null', '{}', '[1]', '[{"status":"fine","message":""}]'])
    expect(parseReports(text)).toBeUndefined();
});
