/**
 * `String(x)` and `Number(x)` of a value that nobody has looked at run its own `toString` or `valueOf`, which an attacker wrote. With
 * these overloads the compiler gives such a call a type that nothing accepts: look at it first, with `typeof` or a shape. Text and numbers
 * go as ever. Global, so that it holds without an import.
 */

interface CoercedUnseen {
  readonly 'this value was coerced without a look at it: use typeof or a shape (src/core/shapes.ts)': never;
}

type Seen<T, R> = unknown extends T ? CoercedUnseen : T extends Date ? R : T extends object ? CoercedUnseen : R;

interface StringConstructor {
  // biome-ignore lint/style/useShorthandFunctionType: an alias would not add to the interface of the library.
  <T>(value: T): Seen<T, string>;
}

interface NumberConstructor {
  // biome-ignore lint/style/useShorthandFunctionType: as above.
  <T>(value: T): Seen<T, number>;
}

interface JSON {
  parse(text: string, reviver?: (this: unknown, key: string, value: unknown) => unknown): unknown;
}
