type TypedArray = Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A copy of a typed array with room for `length` elements, doubled as often as needed; new elements are 0. */
export function grown<T extends TypedArray>(array: T, length: number): T {
  let size = array.length;
  while (size < length) size *= 2;
  const larger = new (array.constructor as new (length: number) => T)(size);
  larger.set(array);
  return larger;
}
