/** What the charms use of the hardening domain. */

export { formatInheritance, HARDENING_KEY, withInheritance } from './inheritance.ts';
export { type HardeningOptions, readHardeningOptions } from './options.ts';
