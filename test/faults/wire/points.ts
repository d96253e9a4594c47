/** The statements of a write and of its look-up, as a proxy sees them: by the prepared statement's name, or by their text. */
const BY_NAME = {
  begin: 'begin',
  'domain-lock': 'lock',
  'domain-write': 'write',
  commit: 'commit',
  'legacy-update': 'legacy',
} as const;
const BY_TEXT = [
  ['pg_terminate_backend', 'end-backend'],
  ['FROM violation_status_history WHERE write_id', 'look-up'],
] as const;

export type StatementName = (typeof BY_NAME)[keyof typeof BY_NAME] | (typeof BY_TEXT)[number][1];

/** Undefined for what is no statement of a write. */
export function statementNamed(name: string): StatementName | undefined {
  return (BY_NAME as Partial<Record<string, StatementName>>)[name];
}

export function statementOfText(text: string): StatementName | undefined {
  return BY_TEXT.find(([part]) => text.includes(part))?.[1];
}

/**
 * Where a connection can be held up or cut. `before`: everything the client sent earlier has arrived, this statement has not.
 * `after`: the server has done it, its transaction included where there is none around it, and the client has not heard.
 * `tag` is what the server answers then; another answer is no such point.
 */
export const POINTS = {
  'begin-before': { side: 'before', statement: 'begin' },
  'lock-before': { side: 'before', statement: 'lock' },
  'lock-after': { side: 'after', statement: 'lock', tag: 'SELECT 1' },
  'write-before': { side: 'before', statement: 'write' },
  'commit-before': { side: 'before', statement: 'commit' },
  'commit-after': { side: 'after', statement: 'commit', tag: 'COMMIT' },
  'legacy-before': { side: 'before', statement: 'legacy' },
  'legacy-after': { side: 'after', statement: 'legacy', tag: 'INSERT 0 1' },
  'end-backend-before': { side: 'before', statement: 'end-backend' },
  'end-backend-after': { side: 'after', statement: 'end-backend', tag: undefined },
  'look-up-before': { side: 'before', statement: 'look-up' },
  'look-up-after': { side: 'after', statement: 'look-up', tag: undefined },
} as const satisfies Record<
  string,
  | { readonly side: 'before'; readonly statement: StatementName }
  | { readonly side: 'after'; readonly statement: StatementName; readonly tag: string | undefined }
>;

export type Point = keyof typeof POINTS;
export const POINT_NAMES = Object.keys(POINTS) as readonly Point[];

export function pointBefore(statement: StatementName): Point | undefined {
  return POINT_NAMES.find((name) => POINTS[name].side === 'before' && POINTS[name].statement === statement);
}

/** The points that a whole answer is at: `tags` are the command tags in it. */
export function pointsAfter(statements: ReadonlySet<StatementName>, tags: readonly string[]): readonly Point[] {
  return POINT_NAMES.filter((name) => {
    const point = POINTS[name];
    return (
      point.side === 'after' &&
      statements.has(point.statement) &&
      (point.tag === undefined ? tags.length > 0 : tags.includes(point.tag))
    );
  });
}

/** The look-up of a write comes only after something else went wrong with it. */
export const isOfLookUp = (point: Point) =>
  POINTS[point].statement === 'end-backend' || POINTS[point].statement === 'look-up';
