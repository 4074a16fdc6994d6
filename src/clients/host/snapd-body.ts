/** What is sent to snapd with a request: whoever makes one and whoever sends it agree on this. */

import type { ClientRequest } from 'node:http';

/** How a body is announced, and how it is sent. */
export interface Body {
  readonly headers: Readonly<Record<string, string | number>>;
  send(request: ClientRequest): Promise<void>;
}
