/** The program of the CA charm. */

import { createExecTransport } from '../../../../src/clients/juju/exec-transport.ts';
import { dispatch } from './charm.ts';

void dispatch(process.env, createExecTransport()).then((exitCode) => {
  process.exitCode = exitCode;
});
