import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFlagd } from '../embedded/flagd.ts';

const SCRIPT = join(import.meta.dirname, '../../../scripts/e2e-tools');
/** Longer than the script gives itself: building k6 for the first time is most of it. */
const SCRIPT_TIMEOUT_MS = 20 * 60_000;

const TOOLS = ['k6', 'prometheus', 'promtool', 'alertmanager', 'flagd', 'chromium'] as const;
export type Tool = (typeof TOOLS)[number];

export type Tools = {
  readonly path: (tool: Tool) => string | undefined;
  /** @throws with the reason where there is none. */
  readonly require: (tool: Tool) => string;
  /** Why each that is missing is so; empty where all are there. */
  readonly whyWithout: (...tools: readonly Tool[]) => readonly string[];
};

let found: Promise<Tools> | undefined;

/** The real programs on this machine; scripts/e2e-tools is asked once, and installs what it can. */
export function findTools(): Promise<Tools> {
  found ??= ask();
  return found;
}

async function ask(): Promise<Tools> {
  const { stdout, stderr } = await promisify(execFile)(SCRIPT, { timeout: SCRIPT_TIMEOUT_MS });
  const paths = new Map(parsePaths(stdout));
  const flagd = await findFlagd(process.env);
  if (flagd !== undefined) {
    paths.set('flagd', flagd);
  }
  const why = (tool: Tool) => {
    const said = stderr.split('\n').find((line) => line.includes(` ${tool}:`) || line.includes(toVariable(tool)));
    return said?.replace(/^e2e-tools: /, '') ?? `there is no ${tool}: put it on PATH or set ${toVariable(tool)}`;
  };
  return {
    path: (tool) => paths.get(tool),
    require: (tool) => {
      const path = paths.get(tool);
      if (path === undefined) {
        throw new Error(why(tool));
      }
      return path;
    },
    whyWithout: (...tools) => tools.filter((tool) => !paths.has(tool)).map(why),
  };
}

const toVariable = (tool: Tool) => `${tool.toUpperCase()}_BIN`;

/** Lines of `NAME=PATH`, a path of unusual characters being quoted for the shell. */
function parsePaths(lines: string): [Tool, string][] {
  return TOOLS.flatMap((tool) => {
    const line = lines.split('\n').find((candidate) => candidate.startsWith(`${toVariable(tool)}=`));
    const path = line
      ?.slice(line.indexOf('=') + 1)
      .replace(/^'(.*)'$/s, (_, quoted) => quoted.replaceAll("'\\''", "'"));
    return path === undefined ? [] : [[tool, path]];
  });
}
