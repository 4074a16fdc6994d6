/** What remedies need of the outside. */

import type { Clients as All } from '../../../core/clients.ts';

export type Clients = Pick<All, 'juju' | 'host'>;
