/** Closes a `switch` over a union: the compiler complains as soon as a case is missing. */
export function assertNever(x: never): never {
  throw new Error(`internal error: unexpected value of type ${typeof x}`);
}

/** For what only a defect of this library can make false. Wrong input from outside gets a typed error instead. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}
