/** What the provider writes for us, into its application's databag. Nothing in it can be relied on; nothing in it may stop us. */

import type { Databag } from '../../../clients/juju/juju.ts';
import {
  isObject,
  type JsonObject,
  LARGE_BOUNDS,
  parseObject,
  parseObjects,
  textOf,
} from '../../../core/foreign-json.ts';
import { oneLine } from '../../../core/printable.ts';
import { wholeOrDigits } from '../../../core/shapes.ts';

/** An item of `certificates`, texts as they stand there. */
export interface BagCertificate {
  readonly request: string;
  readonly certificate: string;
  readonly authority: string;
  /** In whatever order; empty when there is none. */
  readonly chain: readonly string[];
  readonly revoked: boolean;
}

/** An item of `request_errors`. */
export interface BagError {
  readonly request: string;
  /** 101 address not allowed, 102 domain not allowed, 103 wildcard not allowed, 201 server not available, 999 other. */
  readonly code: number;
  readonly message: string;
}

/** `capabilities`; undefined: not said. */
export interface Capabilities {
  readonly ipSans?: boolean;
  readonly wildcards?: boolean;
  readonly authorities?: boolean;
  readonly providerType?: string;
}

export interface ProviderBag {
  readonly certificates: readonly BagCertificate[];
  readonly errors: readonly BagError[];
  readonly capabilities: Capabilities;
}

const OTHER_ERROR = 999;
const CODE = wholeOrDigits(1);

const MOST_ITEMS = 2000;
const LONGEST_REQUEST = 64 * 1024;

/** Longer texts are no message for an operator. */
const LONGEST_MESSAGE = 200;

/** Never throws: garbage is no certificate. Keys that are not known are ignored. */
export function parseProviderBag(bag: Databag): ProviderBag {
  return {
    certificates: itemsOf(bag['certificates']).map(parseCertificate).filter(isOfUse),
    errors: itemsOf(bag['request_errors']).map(parseError).filter(isOfUse),
    capabilities: parseCapabilities(parseObject(bag['capabilities'])),
  };
}

/** A provider answers all units of an application in one bag; one with more has not issued for a Kubernetes cluster. */
function itemsOf(text: string | undefined): readonly JsonObject[] {
  return parseObjects(text, LARGE_BOUNDS).slice(0, MOST_ITEMS);
}

/** No request of ours is that long. */
function isOfUse({ request }: { readonly request: string }): boolean {
  return request.length <= LONGEST_REQUEST;
}

function parseCertificate(item: JsonObject): BagCertificate {
  const chain = item['chain'];
  return {
    request: textOf(item['certificate_signing_request']).trim(),
    certificate: textOf(item['certificate']),
    authority: textOf(item['ca']),
    chain: Array.isArray(chain) ? chain.map(textOf) : [textOf(chain)],
    revoked: item['revoked'] === true,
  };
}

/** Providers write `csr`, their documentation says `certificate_signing_request`. Names of errors are spelled in several ways; codes are not. */
function parseError(item: JsonObject): BagError {
  const error = isObject(item['error']) ? item['error'] : {};
  const said = [textOf(error['message']), textOf(error['reason'])].filter((text) => text !== '').join(': ');
  return {
    request: (textOf(item['csr']) || textOf(item['certificate_signing_request'])).trim(),
    code: CODE(error['code']) ?? OTHER_ERROR,
    message: oneLine(said, LONGEST_MESSAGE),
  };
}

function parseCapabilities(said: JsonObject): Capabilities {
  const flag = (key: string): boolean | undefined => {
    const value = said[key];
    return typeof value === 'boolean' ? value : undefined;
  };
  const type = textOf(said['provider_type']);
  return Object.fromEntries(
    Object.entries({
      ipSans: flag('supports_ip_sans'),
      wildcards: flag('supports_wildcard_dns'),
      authorities: flag('supports_ca_certificates'),
      providerType: type === '' ? undefined : type.slice(0, 60),
    }).filter(([, each]) => each !== undefined),
  );
}
