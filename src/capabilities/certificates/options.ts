/** The options of this domain, each declared once, and what the domain decides by, made of their values. */

import { type Duration, duration, durationOf } from '../../core/duration-option.ts';
import { BOTH, CONTROL_PLANE } from '../../core/option-kinds.ts';
import type { Checked } from '../../core/option-problem.ts';
import { type Contradiction, type RawOptions, readOptions, type ValuesOf } from '../../core/options.ts';

export interface CertificateOptions {
  /** What a refresh asks for when nobody says otherwise. */
  readonly validitySeconds: number;
  /** Remaining life under which certificates are to be renewed; undefined: never. */
  readonly renewBeforeSeconds: number | undefined;
  /** Remaining life under which they are told of. */
  readonly warnSeconds: number;
  /** Remaining life that a CA from elsewhere must have when a cluster is made with it. */
  readonly minimumCaSeconds: number;
}

const VALIDITY = 'certificate-validity';
const RENEW_BEFORE = 'certificate-renew-before';
export const MINIMUM_CA_VALIDITY = 'bootstrap-ca-minimum-validity';

/** Kubernetes signs no certificate for less, and control planes approve no longer life for a worker (`validity.ts`). */
const OF_CERTIFICATES = { on: BOTH, atLeast: '10m', atMost: '10y', examples: '1y, 30d or 12h' } as const;
const NONE: Duration | undefined = undefined;

export const CERTIFICATE_OPTIONS = {
  [MINIMUM_CA_VALIDITY]: duration({
    on: CONTROL_PLANE,
    default: '5y',
    empty: { seconds: 0, text: '' },
    // CAs live longer than certificates.
    atMost: '50y',
    examples: '5y or 90d, or empty',
  }),
  [VALIDITY]: duration({ ...OF_CERTIFICATES, default: '1y', empty: durationOf('1y') }),
  [RENEW_BEFORE]: duration({ ...OF_CERTIFICATES, default: '30d', empty: NONE }),
} as const;

type Values = ValuesOf<typeof CERTIFICATE_OPTIONS>;

/** The status warns so long before where nothing is renewed by itself. */
const WARN_SECONDS = durationOf('30d').seconds;

/** With a problem in one of them, the default stands in for it. */
export function readCertificateOptions(raw: RawOptions): Checked<CertificateOptions> {
  const { value, problems } = readOptions(CERTIFICATE_OPTIONS, raw, contradictions);
  return { value: optionsOf(value), problems };
}

export const DEFAULT_OPTIONS: CertificateOptions = readCertificateOptions({}).value;

function optionsOf(value: Values): CertificateOptions {
  const renewBeforeSeconds = value[RENEW_BEFORE]?.seconds;
  return {
    validitySeconds: value[VALIDITY].seconds,
    renewBeforeSeconds,
    warnSeconds: renewBeforeSeconds ?? WARN_SECONDS,
    minimumCaSeconds: value[MINIMUM_CA_VALIDITY].seconds,
  };
}

/** Between two renewals there has to be time. */
function contradictions(value: Values): readonly Contradiction<keyof Values>[] {
  const { [VALIDITY]: validity, [RENEW_BEFORE]: before } = value;
  if ((before?.seconds ?? 0) <= validity.seconds / 2) return [];
  const message = `must be at most half of ${VALIDITY}, which is ${validity.text}; else certificates would be renewed all the time`;
  return [{ option: RENEW_BEFORE, message, beside: [VALIDITY] }];
}
