/** Takes a PEM text apart (RFC 7468), as strictly as those who read it: Go takes the first block, and no garbage within one. */

export interface PemBlock {
  readonly label: string;
  /** With its boundaries. */
  readonly text: string;
  /** What is between them, decoded; what is no base64 is skipped. */
  readonly bytes: Uint8Array;
}

export interface Pem {
  readonly blocks: readonly PemBlock[];
  /** Something other than blanks follows the last block. What precedes a block is explanatory text, which RFC 7468 section 2 allows. */
  readonly trailing: boolean;
}

/** More than any chain has; a file of thousands of blocks is not worth reading on. */
const MOST_BLOCKS = 100;

export function parsePem(text: string): Pem {
  const blocks: PemBlock[] = [];
  let position = 0;
  while (blocks.length < MOST_BLOCKS) {
    const found = nextBlock(text, position);
    if (found === undefined) break;
    blocks.push(found.block);
    position = found.end;
  }
  return { blocks, trailing: blocks.length > 0 && text.slice(position).trim() !== '' };
}

/** Looks for texts rather than with one expression, which a hostile file could make slow. */
function nextBlock(text: string, from: number): { block: PemBlock; end: number } | undefined {
  const begin = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;
  begin.lastIndex = from;
  const match = begin.exec(text);
  if (match?.[1] === undefined) return undefined;
  const footer = `-----END ${match[1]}-----`;
  const body = match.index + match[0].length;
  const end = text.indexOf(footer, body);
  if (end === -1) return undefined;
  const block = {
    label: match[1],
    text: `${text.slice(match.index, end + footer.length)}\n`,
    bytes: Buffer.from(text.slice(body, end), 'base64'),
  };
  return { block, end: end + footer.length };
}

/**
 * Length in bytes of the DER value (X.690 section 8.1) at the beginning, header included; undefined when there is none of a definite
 * length that fits. This is all that has to be known of DER here: whether something follows a certificate within its block.
 */
export function derLength(bytes: Uint8Array): number | undefined {
  const first = bytes[1];
  if (bytes[0] !== 0x30 || first === undefined) return undefined;
  if (first < 0x80) return fitting(2 + first, bytes);
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4 || bytes.length < 2 + octets) return undefined;
  return fitting(2 + octets + bytes.subarray(2, 2 + octets).reduce((length, octet) => length * 256 + octet, 0), bytes);
}

function fitting(length: number, bytes: Uint8Array): number | undefined {
  return length <= bytes.length ? length : undefined;
}
