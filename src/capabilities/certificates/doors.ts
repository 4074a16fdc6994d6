/** The outside, as this folder calls it. */

export type { Clients as Doors } from '../../core/clients.ts';
