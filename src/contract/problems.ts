/** What the types of all problems begin with, in both processes. */
export const PROBLEM_TYPES = 'urn:sluice:problem:';
