/** What the charms write of gob, with each value, field and message as one buffer, for tests that spoil it. */

import * as gob from '../../../../src/clients/juju/agent-socket/gob-encoding.ts';

const joined = (parts: gob.Encoded): Buffer => Buffer.concat(parts);
const pieces = (bytes: Buffer | undefined): gob.Encoded | undefined => bytes && [bytes];

export const encodeUnsigned = (value: number): Buffer => joined(gob.encodeUnsigned(value));
export const encodeSigned = (value: number): Buffer => joined(gob.encodeSigned(value));
export const encodeText = (value: string): Buffer => joined(gob.encodeText(value));
export const encodeSlice = (elements: readonly Buffer[]): Buffer =>
  joined(gob.encodeSlice(elements.map((element) => [element])));
export const encodeStruct = (fields: readonly (Buffer | undefined)[]): Buffer =>
  joined(gob.encodeStruct(fields.map(pieces)));
export const valueMessage = (type: number, value: Buffer): Buffer => joined(gob.valueMessage(type, [value]));
export const structDefinition = (...args: Parameters<typeof gob.structDefinition>): Buffer =>
  joined(gob.structDefinition(...args));
export const sliceDefinition = (...args: Parameters<typeof gob.sliceDefinition>): Buffer =>
  joined(gob.sliceDefinition(...args));
