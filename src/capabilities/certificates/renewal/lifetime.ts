/** For how long a new certificate is to be asked for, so that it does not outlive its authority (RFC 5280 section 6.1.3): pure. */

const DAY = 86_400;

/** Seconds: what is wanted, or else whole days, a day less than the CA has left. Undefined when it has no such day any more. */
export function lifeToAsk(wanted: number, authorityLeft: number): number | undefined {
  const most = authorityLeft - DAY;
  if (wanted <= most) return wanted;
  const days = Math.floor(most / DAY);
  return days < 1 ? undefined : days * DAY;
}
