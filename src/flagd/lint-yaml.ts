import { type Document, isMap, isScalar, LineCounter, type Node, type Pair, parseAllDocuments, visit } from 'yaml';
import { isBrokenCopy } from './broken-copy.ts';
import { holdsFlag } from './holds-flag.ts';
import type { Locate, Path, Position, Problem } from './problem.ts';
import { isObject } from './problem.ts';

type Lints = {
  readonly flags: (value: unknown, locate: Locate) => Problem[];
  /** @param isRollouts whether the rollout's flag has to be in it. */
  readonly json: (text: string, isRollouts: boolean) => Problem[];
  /** The rollout's flag. */
  readonly flagKey: string | undefined;
};

/** Finds the flags in YAML documents: a FeatureFlag, a ConfigMap's keys of JSON, or flagd's own format. */
export function lintYaml(text: string, lints: Lints): Problem[] {
  const lines = new LineCounter();
  const documents = parse(text, lines);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fault = (offset: number, message: string): Problem => ({
    ...at(offset),
    severity: 'error',
    path: '',
    message,
    spoils: 'file',
  });
  if (documents instanceof Error) {
    return [{ ...fault(0, `this cannot be read (${documents.message}). Write it flatter.`), line: 1, column: 1 }];
  }
  const errors = documents.flatMap(({ errors }) => errors);
  if (errors.length > 0) {
    return errors.map(({ pos, message }) =>
      fault(
        pos[0],
        `this is no YAML (${message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}). Correct it here.`,
      ),
    );
  }
  let found = false;
  const problems = documents.flatMap((document): Problem[] => {
    const value = readDocument(document);
    if (value instanceof Error) {
      found = true;
      return [fault(0, `this cannot be read (${value.message}). Write it without aliases.`)];
    }
    const lintAt = (under: Path, part: unknown) => {
      found = true;
      return lints
        .flags(part, (path) => at(startOf(document, [...under, ...path])))
        .map((problem) => ({ ...problem, path: [...under, ...(problem.path === '' ? [] : [problem.path])].join('.') }));
    };
    if (!isObject(value)) {
      return [];
    }
    if (value.kind === 'FeatureFlag') {
      const under = ['spec', 'flagSpec'];
      const spec = isObject(value.spec) ? value.spec.flagSpec : undefined;
      return [...lintAt(under, spec), ...switchWords(document, under, at)];
    }
    if (value.kind === 'ConfigMap') {
      const files = jsonIn(value.data);
      found ||= files.length > 0;
      return lintKeys(files, lints, {
        inKey: (problem, name) => inScalar(problem, name, document, text, at),
        ofKey: (name) => at(startOf(document, ['data', name])),
      });
    }
    return 'flags' in value ? lintAt([], value) : [];
  });
  const none =
    'there are no flags here; allowed: a FeatureFlag, a ConfigMap with a key that holds {"flags": {…}}, or {"flags": {…}}.';
  return found ? problems : [fault(0, `${none} Give another file.`)];
}

/** flagd is told which key to read, whatever its name. */
const jsonIn = (data: unknown): [string, string][] =>
  Object.entries(isObject(data) ? data : {}).flatMap(([name, value]) => {
    const text = String(value);
    const isFlags = name.endsWith('.json') || (/^\s*\{/.test(text) && text.includes('"flags"'));
    return isFlags && !isBrokenCopy(name) ? [[name, text]] : [];
  });

type Places = {
  readonly inKey: (problem: Problem, name: string) => Problem;
  readonly ofKey: (name: string) => Position;
};

/** The texts of a ConfigMap, of which flagd reads one: the rollout's flag has to be in that alone. */
function lintKeys(files: readonly [string, string][], { json, flagKey }: Lints, { inKey, ofKey }: Places): Problem[] {
  const holding = files.flatMap(([name, text]) => (flagKey !== undefined && holdsFlag(text, flagKey) ? [name] : []));
  const several = holding.length < 2 ? [] : holding;
  const message = `the flag ${flagKey} is in several keys: ${several.join(', ')}; flagd reads one of them. Leave it in that one.`;
  return [
    ...several.map((name): Problem => {
      return { ...ofKey(name), severity: 'error', path: `data.${name}`, message, spoils: 'flag' };
    }),
    ...files.flatMap(([name, text]) =>
      json(text, holding.length === 0 || holding.includes(name)).map((problem) => inKey(problem, name)),
    ),
  ];
}

/** Nesting of thousands is more than the parser has stack for. */
function parse(text: string, lines: LineCounter): readonly Document[] | Error {
  try {
    return parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true }) as readonly Document[];
  } catch (error) {
    return error as Error;
  }
}

function readDocument(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return error;
  }
}

/** kubectl reads YAML 1.1, in which these words are booleans: https://github.com/kubernetes/kubernetes/issues/34146 */
function switchWords(document: Document, under: Path, at: (offset: number) => Position): Problem[] {
  const problems: Problem[] = [];
  const spec = document.getIn(under, true);
  visit(spec as Node, {
    Scalar: (_key, node) => {
      if (node.type === 'PLAIN' && typeof node.value === 'string' && /^(y|n|yes|no|on|off)$/i.test(node.value)) {
        problems.push({
          ...at(node.range?.[0] ?? 0),
          severity: 'error',
          path: under.join('.'),
          message: `${node.value} is a boolean for kubectl, which reads YAML 1.1; allowed: the same word in quotes. Write "${node.value}".`,
          spoils: 'file',
        });
      }
    },
  });
  return problems;
}

/** From a place in the JSON of a ConfigMap's key to the place in the YAML around it. */
function inScalar(
  problem: Problem,
  name: string,
  document: Document,
  text: string,
  at: (offset: number) => Position,
): Problem {
  const node = document.getIn(['data', name], true);
  const start = isScalar(node) ? (node.range?.[0] ?? 0) : 0;
  const path = ['data', name, ...(problem.path === '' ? [] : [problem.path])].join('.');
  if (!isScalar(node) || node.type !== 'BLOCK_LITERAL') {
    // Quoted or folded, its lines are no longer those of the file.
    const { line, column } = problem;
    return {
      ...problem,
      ...at(start),
      path,
      message: `${problem.message} (line ${line}, column ${column} of its JSON)`,
    };
  }
  const header = at(start).line;
  const body = text.split('\n').slice(header);
  const indent = /^ */.exec(body.find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
  return { ...problem, line: header + problem.line, column: indent + problem.column, path };
}

function startOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent)
      ? (parent.items as Pair[]).find(({ key }) => String(isScalar(key) ? key.value : key) === String(path[length - 1]))
      : undefined;
    const node = (pair?.key ?? (isMap(parent) ? undefined : document.getIn(path.slice(0, length), true))) as
      | Node
      | undefined;
    if (node?.range) {
      return node.range[0];
    }
  }
  return document.contents?.range?.[0] ?? 0;
}
