/** Whether two types are the same, and not only assignable to each other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `typeOf(value).is<T>()` compiles only when the type of the value is exactly `T`. Nothing here is ever run. */
export declare function typeOf<U>(value: U): {
  is<T>(...proof: Same<T, U> extends true ? [] : ['another type']): void;
};

/** The same of two types. */
export declare function same<A, B>(...proof: Same<A, B> extends true ? [] : ['another type']): void;

/** Compiles only for a value that can be used as a `T`. */
export declare function fits<T>(value: T): void;
