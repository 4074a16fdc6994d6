/** The program of the requirer charm. */

import { dispatch } from './charm.ts';

void dispatch();
