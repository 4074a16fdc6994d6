/** What the unit's status says of certificates that run out, or are not served: pure. Who can mend it is the operator. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { Role } from '../../../core/role.ts';
import { daysUntil } from '../../../core/validity.ts';
import type { Examined } from './examined.ts';
import { type Circumstances, days, situationOf, warnedBefore } from './findings.ts';
import { placeOf } from './places.ts';

/** `juju status` is a table. */
const MOST_NAMES = 5;

/** Nothing while all live longer. Those that end first are named first, on one day in the order of the inventory. */
export function expiryReports(
  inventory: readonly Examined[],
  circumstances: Pick<Circumstances, 'role' | 'now' | 'warnSeconds' | 'managers'>,
): readonly UnitStatus[] {
  const { now, warnSeconds } = circumstances;
  const ending = inventory
    .flatMap((one) => {
      const { name, notBefore, notAfter } = one;
      if (notBefore === undefined || notAfter === undefined) return [];
      const left = (notAfter.getTime() - now.getTime()) / 1000;
      const situation = situationOf(one, inventory, circumstances);
      const threshold = warnedBefore({ notBefore, notAfter }, situation, warnSeconds);
      return left < threshold ? [{ name, end: notAfter, authority: situation.place.kind === 'authority' }] : [];
    })
    // By days: of those that were issued together, the seconds between them are of no interest to anybody.
    .sort((one, other) => daysUntil(one.end, now) - daysUntil(other.end, now));
  const expired = ending.filter(({ end }) => end < now);
  const alive = ending.filter(({ end, authority }) => end >= now && !authority);
  const [first] = alive;
  return [
    ...(expired.length > 0
      ? [report('blocked', expired, 'certificate has expired', 'certificates have expired', HINT)]
      : []),
    ...(first === undefined
      ? []
      : [
          report(
            'active',
            alive,
            `certificate expires in ${days(daysUntil(first.end, now))}`,
            `certificates expire in ${days(daysUntil(first.end, now))}`,
            '',
          ),
        ]),
    ...authorityReports(
      ending.filter(({ end, authority }) => end >= now && authority),
      now,
    ),
  ];
}

/** A cluster ends with its CAs: in the status as long as there is time to plan. */
function authorityReports(
  ending: readonly { readonly name: string; readonly end: Date }[],
  now: Date,
): readonly UnitStatus[] {
  const [first] = ending;
  if (first === undefined) return [];
  const left = days(daysUntil(first.end, now));
  const what = ending.length === 1 ? 'CA ends' : 'CAs end';
  return [report('active', ending, `${what} in ${left}`, `${what} in ${left}`, `${CANNOT_CHANGE}`)];
}

const CANNOT_CHANGE = ', and the cluster with it; deploy another one in time (certs-status)';

/** A service goes on with what it has read, until that expires: then it is too late for a look. */
export function servedReports(role: Role, names: readonly string[]): readonly UnitStatus[] {
  if (names.length === 0) return [];
  const services = [...new Set(names.map((name) => placeOf(role, name).services[0] ?? name))].join(', ');
  const message = `${services} ${names.length === 1 ? 'serves another certificate' : 'serve other certificates'} than in the file: ${names.join(', ')}${HINT}`;
  return [{ status: 'active', message }];
}

const HINT = '; certs-status tells what to do';

function report(
  status: UnitStatus['status'],
  ending: readonly { readonly name: string }[],
  one: string,
  several: string,
  hint: string,
): UnitStatus {
  const names = ending.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = ending.length > MOST_NAMES ? ` and ${ending.length - MOST_NAMES} more` : '';
  return { status, message: `${ending.length === 1 ? one : several}: ${names.join(', ')}${more}${hint}` };
}
