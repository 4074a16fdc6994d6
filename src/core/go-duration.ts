/** Durations as Go's `time.ParseDuration` reads them, in which flags are given. */

const UNITS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Of a duration as Go writes it: `1h30m`, `5m0s`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.+)$/.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:h|ms|us|µs|ns|m|s))+$/.test(rest)) return undefined;
  const amount = [...rest.matchAll(/([\d.]+)(h|ms|us|µs|ns|m|s)/g)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS_MS[unit] ?? 0),
    0,
  );
  return sign === '-' ? -amount : amount;
}
