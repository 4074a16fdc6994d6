/** Takes a PEM file of a node apart as Go does, which takes the first block that it finds. */

import { decodePem, encodePem } from '../../../core/pem.ts';

export interface PemBlock {
  readonly label: string;
  /** With its boundaries. */
  readonly text: string;
  /** What is between them, decoded. */
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
  let rest = text;
  while (blocks.length < MOST_BLOCKS) {
    const found = decodePem(rest);
    if (found === undefined) break;
    const { label, bytes } = found.block;
    blocks.push({ label, text: encodePem(label, bytes), bytes });
    rest = found.rest;
  }
  return { blocks, trailing: blocks.length > 0 && rest.trim() !== '' };
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
