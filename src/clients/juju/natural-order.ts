/** The order in which people count units and relations: `k8s/2` before `k8s/10`, which Juju's own sorting by text does not keep. */

/** Compares names that end in a number after the separator, by name and then by number. */
export function byName(separator: '/' | ':'): (left: string, right: string) => number {
  return (left, right) => {
    const [leftName, leftNumber] = split(left, separator);
    const [rightName, rightNumber] = split(right, separator);
    if (leftName !== rightName) return leftName < rightName ? -1 : 1;
    return leftNumber - rightNumber;
  };
}

function split(text: string, separator: string): [string, number] {
  const at = text.lastIndexOf(separator);
  return [text.slice(0, at), Number(text.slice(at + 1))];
}
