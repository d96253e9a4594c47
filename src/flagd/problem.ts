export type Path = readonly (string | number)[];

/** A trap in a file of flags. The message says what is wrong, what was found, what is allowed and what to do. */
export type Problem = {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  /** Such as `flags.violation-status-domain-percent.state`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** `file`: flagd refuses everything in it and keeps what it had. `flag`: only this flag fails. */
  readonly spoils: 'file' | 'flag';
};

/** Where rules put what they find. `fileError` is for what makes flagd refuse everything. */
export type Reports = Readonly<Record<'fileError' | 'flagError' | 'warning', (path: Path, message: string) => void>>;

export type Position = { readonly line: number; readonly column: number };
/** Where the value at a path is written, or the nearest thing above it that is. */
export type Locate = (path: Path) => Position;

const MOST_OF_A_FLAG = 50;

/** @returns whether one more may be reported of the flag at `path`. A flag that has so many is no better for having fewer. */
export function limitByFlag(): (path: Path) => boolean {
  const reported = new Map<string, number>();
  return ([under, name]) => {
    const flag = `${under}.${name}`;
    const count = (reported.get(flag) ?? 0) + 1;
    reported.set(flag, count);
    return count <= MOST_OF_A_FLAG;
  };
}

export function formatProblem({ line, column, path, message }: Problem): string {
  return `${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** What of `problems` keeps one flag from working; faults of other flags count where flagd refuses the file for them. */
export function errorsThatHit(flagKey: string, problems: readonly Problem[]): Problem[] {
  const own = `flags.${flagKey}`;
  return problems.filter(
    ({ severity, spoils, path }) =>
      severity === 'error' &&
      (spoils === 'file' ||
        path === 'flags' ||
        path === own ||
        path.startsWith(`${own}.`) ||
        path.startsWith('$evaluators')),
  );
}

export function spoilsFile({ severity, spoils }: Problem): boolean {
  return severity === 'error' && spoils === 'file';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type FlagSite = {
  readonly path: Path;
  /** The flag of a rollout, whose values are percents. */
  readonly isRollout: boolean;
  /** The names `$ref` may use. */
  readonly evaluators: readonly string[];
  readonly nowMs: number;
};
