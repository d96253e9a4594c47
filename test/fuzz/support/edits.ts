import fc, { type Arbitrary } from 'fast-check';

/** A text with some of its characters taken out and others put in. */
export function mangled(text: string, pieces: readonly string[]): Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 10 }));
  const edit = fc.record({ at: fc.nat(text.length), removed: fc.nat(30), put: piece });
  return fc
    .array(edit, { minLength: 1, maxLength: 6 })
    .map((edits) =>
      edits.reduce((all, { at, removed, put }) => all.slice(0, at) + put + all.slice(at + removed), text),
    );
}
