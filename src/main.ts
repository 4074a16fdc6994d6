/** The program that `dispatch` starts, once for each event and action. */

import { dispatch } from './charm/dispatch.ts';
import { createExecTransport } from './juju/exec-transport.ts';

// Not process.exit: what is still being written would be lost.
process.exitCode = await dispatch({
  environment: process.env,
  transport: createExecTransport(),
  root: process.env['K8S_CHARM_ROOT'] || '/',
});
