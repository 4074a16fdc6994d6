/** What actions check before they do something to a member of a cluster. */

import type { ActionUnit, ActionView } from './capability.ts';

/** @throws Error with the text for the operator, when k8sd is not at work, or an option cannot be used. */
export async function viewAtWork<Facts, Options>(
  unit: ActionUnit<Facts, Options>,
): Promise<ActionView<Facts, Options>> {
  const view = await unit.look();
  const { daemon, problems } = view.node;
  if (daemon === 'starting' || daemon === 'upgrading')
    throw new Error('k8sd is not ready; try again when the unit is active');
  const [problem] = problems;
  if (problem) throw new Error(`${problem.option} ${problem.message}`);
  return view;
}

/** @throws Error as `viewAtWork`, and when the unit is in no cluster. */
export async function memberView<Facts, Options>(
  unit: ActionUnit<Facts, Options>,
): Promise<ActionView<Facts, Options>> {
  const view = await viewAtWork(unit);
  const { member, leaving } = view.node;
  if (member === undefined || leaving) throw new Error('this unit is in no cluster');
  return view;
}

/** @throws Error with the command that asks the leader instead. */
export function refuseUnlessLeader(leader: boolean, application: string, action: string): void {
  if (!leader) throw new Error(`this is for the leader: juju run ${application}/leader ${action}`);
}
