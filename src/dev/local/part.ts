/** One thing that `npm start` has started, or found to be there. */
export type Part = {
  /** The settings by which the others reach it. */
  readonly env: NodeJS.ProcessEnv;
  /** In words, with its address. */
  readonly what: string;
  readonly stop: () => Promise<void>;
};
