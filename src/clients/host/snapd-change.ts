/** snapd does what takes time in a change, which is asked for until it is ready. */
import { SnapdError } from './errors.ts';
import type { SnapWait } from './host.ts';
import type { Deadline, SnapdCall } from './snapd-call.ts';
import { validate as changeProblems } from './snapd-change.schema.json?validator';
import { result } from './snapd-result.ts';

interface Change {
  readonly status: string;
  readonly ready: boolean;
  readonly summary?: string;
  readonly err?: string;
  readonly tasks?: readonly { readonly kind?: string; readonly summary: string; readonly status: string }[] | null;
}

/**
 * Resolves when it is done. Rejects with `change-failed` and snapd's reason, with `download-failed` when it did not get further than
 * fetching the snap, or `timeout`; then the change goes on.
 */
export async function waitForChange(
  call: SnapdCall,
  id: string,
  deadline: Deadline,
  onProgress: SnapWait['onProgress'],
): Promise<void> {
  let told: string | undefined;
  for (let pause = 100; ; pause = Math.min(pause * 2, 1000)) {
    const path = `/v2/changes/${encodeURIComponent(id)}`;
    const reply = await call({ method: 'GET', path }, { deadline, repeatable: true });
    const change = result<Change>(`GET ${path}`, reply, changeProblems);
    const doing = change.tasks?.find((task) => task.status === 'Doing')?.summary;
    if (doing !== undefined && doing !== told) {
      told = doing;
      onProgress?.(doing);
    }
    if (change.ready) {
      if (change.status === 'Done') return;
      const failed = change.tasks?.filter((task) => task.status === 'Error') ?? [];
      const fetching = failed.length > 0 && failed.every((task) => task.kind === 'download-snap');
      throw new SnapdError(
        fetching ? 'download-failed' : 'change-failed',
        change.err?.trim() || `${change.summary ?? 'the change'}: ${change.status}`,
      );
    }
    if (deadline.clock.elapsed() + pause >= deadline.end) {
      throw new SnapdError(
        'timeout',
        `snapd was not done within ${deadline.timeoutMs} ms: ${told ?? change.summary ?? `change ${id}`}`,
      );
    }
    await deadline.clock.sleep(pause);
  }
}
