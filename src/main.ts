/** The program that `dispatch` starts, once for each event and action. */

import { charmOf } from './charms.ts';
import { openTransport } from './clients/juju/open-transport.ts';
import { dispatch } from './engine/dispatch.ts';
import { CLOCK } from './time/clock.ts';

const transport = openTransport();
const root = process.env['K8S_CHARM_ROOT'] || '/';
const surroundings = { environment: process.env, transport, root, clock: CLOCK };

// No `await` out here, which only an ES module may have: the program is bundled as what loads faster.
void dispatch(surroundings, charmOf)
  .then((exitCode) => {
    // Not process.exit: what is still being written would be lost.
    process.exitCode = exitCode;
  })
  .finally(transport.close);
