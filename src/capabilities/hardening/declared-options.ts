/** The options of hardening, each declared once; `options.ts` makes of their values what is decided by. */

import { MODE_OPTIONS } from '../../core/mode-options.ts';
import {
  BOTH,
  CONTROL_PLANE,
  choiceOrEmpty,
  document,
  good,
  refused,
  text,
  whole,
  words,
} from '../../core/option-kinds.ts';
import type { Option } from '../../core/options.ts';

export const POD_SECURITY_LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number];

export const TLS_VERSIONS = ['1.2', '1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

export const CIS_BENCHMARKS = ['1.12', '1.24'] as const;
export type CisBenchmark = (typeof CIS_BENCHMARKS)[number];

/** Linux does not give more processes than this to all (PID_MAX_LIMIT on 64 bits). */
const MOST_PIDS = 4_194_304;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Becomes the value of a flag that a shell evaluates. */
const PATH = /^(?:\/[\w.@+-]+)+$/;
/** Bytes of YAML. */
const LONGEST_DOCUMENT = 64 * 1024;

const INHERITED = { on: BOTH, inherited: true } as const;

export const HARDENING_OPTIONS = {
  ...MODE_OPTIONS,
  'cis-benchmark': choiceOrEmpty(CIS_BENCHMARKS, { ...INHERITED, default: '1.12', empty: '1.12' }),
  'hardening-waivers': document({ ...INHERITED, default: '', longest: LONGEST_DOCUMENT }),
  'pod-max-pids': whole({ ...INHERITED, from: 1, to: MOST_PIDS }),
  'tls-min-version': choiceOrEmpty(TLS_VERSIONS, { ...INHERITED, default: '1.3', empty: '1.3' }),
  'audit-policy': document({ on: CONTROL_PLANE, default: '', longest: LONGEST_DOCUMENT }),
  'audit-log-path': path('/var/log/kubernetes/audit.log'),
  'audit-log-maxage': whole({ on: CONTROL_PLANE, default: 30, from: 1, to: 36_500 }),
  'audit-log-maxbackup': whole({ on: CONTROL_PLANE, default: 10, from: 1, to: 10_000 }),
  'audit-log-maxsize': whole({ on: CONTROL_PLANE, default: 100, from: 1, to: 1_000_000 }),
  'pod-security': choiceOrEmpty(POD_SECURITY_LEVELS, { on: CONTROL_PLANE, default: '', empty: undefined }),
  'pod-security-exempt-namespaces': words({
    on: CONTROL_PLANE,
    default: '',
    commas: true,
    holds: (name) => NAMESPACE.test(name),
    wrong: 'is not the name of a namespace',
  }),
  'event-rate-limits': document({ on: CONTROL_PLANE, default: '', longest: LONGEST_DOCUMENT }),
};

/** Of a file; empty: the usual one. */
function path(usual: string): Option<string> {
  return text({
    on: CONTROL_PLANE,
    default: usual,
    parse(option, given) {
      const chosen = given || usual;
      const folders = chosen.split('/');
      if (PATH.test(chosen) && !folders.includes('..') && !folders.includes('.')) return good(chosen);
      return refused(usual, option, `must be an absolute path such as ${usual}`);
    },
  });
}
