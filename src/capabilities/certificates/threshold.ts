/** How long before its end a certificate is worth something: to be renewed, or to be told of. */

/**
 * Seconds: what is wanted, but never more than a third of its life. What was issued for a week would else be due, and told of, from its
 * first day on.
 */
export function thresholdOf(
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
  wanted: number,
): number {
  return Math.min(wanted, (notAfter.getTime() - notBefore.getTime()) / 3000);
}
