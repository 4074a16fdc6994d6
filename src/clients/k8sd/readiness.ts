/** Whether the daemon has finished starting. It says so before a bootstrap too; after a reboot it may take half a minute. */
import type { Clock } from '../../time/clock.ts';
import { K8sdUnavailable } from './errors.ts';
import { ConnectionFailure, exchange } from './exchange.ts';
import type { CallOptions } from './k8sd.ts';

const PATH = '/core/1.0/ready';

/** A daemon that is going down may hold a connection and never answer; so no single try lasts longer. */
const LONGEST_TRY_MS = 5000;

/** One try. Anything but the endpoint's success is not ready. */
export async function ready(socketPath: string, { timeoutMs }: CallOptions): Promise<boolean> {
  try {
    const { status } = await exchange(socketPath, { method: 'GET', path: PATH }, timeoutMs);
    return status === 200;
  } catch (error) {
    if (error instanceof ConnectionFailure) return false;
    throw error;
  }
}

export async function waitUntilReady(socketPath: string, clock: Clock, { timeoutMs }: CallOptions): Promise<void> {
  const end = clock.elapsed() + timeoutMs;
  for (let pause = 100; ; pause = Math.min(pause * 2, 1000)) {
    const remainingMs = Math.max(1, end - clock.elapsed());
    if (await ready(socketPath, { timeoutMs: Math.min(remainingMs, LONGEST_TRY_MS) })) return;
    if (clock.elapsed() + pause >= end) {
      throw new K8sdUnavailable(0, `GET ${PATH}: k8sd was not ready within ${timeoutMs} ms`);
    }
    await clock.sleep(pause);
  }
}
