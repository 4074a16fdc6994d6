/** The channel of the k8s snap: a track, a risk, and a branch for those to whom one was given. */

const TRACK = /^(?:latest|\d+\.\d+-classic)$/;
const RISKS = ['stable', 'candidate', 'beta', 'edge'];
const BRANCH = /^[a-zA-Z0-9][\w.-]*$/;

/** @returns which part of it is wrong, and what it may be, as the end of a sentence about the option. */
export function channelProblem(text: string): string | undefined {
  const [track = '', risk, branch, ...rest] = text.split('/');
  if (text === '') return 'is empty; set a channel such as 1.36-classic/stable';
  const shown = JSON.stringify(text.slice(0, 80));
  const example = 'such as 1.36-classic/stable';
  const minor = /^v?(\d+\.\d+)(?:\.\d+)?$/.exec(track)?.[1];
  if (minor !== undefined)
    return `is ${shown}, of which the track ${JSON.stringify(track)} does not exist; set ${minor}-classic/${risk ?? 'stable'}`;
  if (!TRACK.test(track))
    return `is ${shown}, of which the track ${JSON.stringify(track.slice(0, 40))} is not a version and -classic; set a channel ${example}`;
  if (risk === undefined) return `is ${shown}, which has no risk; set ${track}/stable`;
  if (!RISKS.includes(risk))
    return `is ${shown}, of which the risk ${JSON.stringify(risk.slice(0, 40))} is none of ${RISKS.join(', ')}; set ${track}/stable`;
  const wrongBranch = rest.length > 0 || (branch !== undefined && !BRANCH.test(branch));
  return wrongBranch ? `is ${shown}, of which the branch is not a name; set a channel ${example}` : undefined;
}
