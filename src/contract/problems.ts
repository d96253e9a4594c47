/** What the types of all problems begin with, in both processes. */
export const PROBLEM_TYPES = 'urn:sluice:problem:';

/** The end of the type by which a controller that stands by refuses a change. */
export const NOT_LEADER = 'not-leader';
