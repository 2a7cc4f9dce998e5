// Objects as we send them, held to @kubernetes/client-node's types of the API: a field that does not exist, or is of
// another kind, does not compile. Its types alone are used, which cost nothing at run time.

/** JSON of an API object: what client-node reads as a Date is text. */
export type Sent<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Sent<Item>[]
    : T extends object
      ? { readonly [Field in keyof T]: Sent<T[Field]> }
      : T;

/** A merge patch of such an object: what is not named stays, null takes away. */
export type MergePatch<T> = T extends Date
  ? string
  : T extends readonly unknown[]
    ? Sent<T> | null
    : T extends object
      ? { readonly [Field in keyof T]?: MergePatch<T[Field]> | null }
      : T;
