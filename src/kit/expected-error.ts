/** What whoever started a program can put right: its message says how, and is all that they are shown. */
export class ExpectedError extends Error {}
