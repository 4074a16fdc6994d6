/** Names of nodes: what a unit claims in `node-name`, and what kubelet registers. */

/** RFC 1123 subdomain, as Kubernetes wants it of the name of a Node (`apimachinery/pkg/util/validation`, DNS1123Subdomain). */
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const LONGEST_NAME = 253;

/**
 * kubelet gives its Node the label `kubernetes.io/hostname` with this very name, and the API server takes no label value that is
 * longer, so that such a node never registers although its name would be allowed.
 */
export const LONGEST_LABEL_VALUE = 63;

/** A trailing newline is not a part of any. */
export function isNodeName(text: string): boolean {
  return text.length <= LONGEST_NAME && SUBDOMAIN.test(text);
}

/** Why a machine of this host name cannot become a node; undefined when it can. */
export function hostNameProblem(name: string): string | undefined {
  if (name.length > LONGEST_LABEL_VALUE && isNodeName(name))
    return `has ${name.length} characters; kubelet registers no name longer than ${LONGEST_LABEL_VALUE}`;
  return isNodeName(name)
    ? undefined
    : 'may have only lower-case letters, digits, hyphens and dots, and begins and ends with a letter or digit';
}
