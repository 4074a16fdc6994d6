/** The program of the CA charm. */

import { dispatch } from './charm.ts';

void dispatch();
