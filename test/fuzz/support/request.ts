/** A request before it is bytes. Texts are written as Latin-1, one byte for each character. */
export type RawRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  readonly chunked: boolean;
};

export const HEADERS: RawRequest['headers'] = [
  ['Host', 'x'],
  ['Connection', 'close'],
];
