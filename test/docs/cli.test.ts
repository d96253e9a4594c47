import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { EXIT, EXIT_CODES_HELP } from '../../src/cli/exit-codes.ts';
import { COMMANDS } from '../../src/rollout/command.ts';
import { startCli } from '../support/cli.ts';
import { inCode, pages, table } from './pages.ts';

const PAGE = 'docs/cli.md';
/** Of every change: the page says them once, below its table. */
const OF_CHANGES = ['--actor', '--reason'];
const CHANGES: readonly string[] = COMMANDS;
const OF_ALL = ['--help', '--json', '--no-color', '--url', '--version'];

describe('docs/cli.md', () => {
  /** The options of each command, as --help lists them. */
  let commands: ReadonlyMap<string, readonly string[]>;
  before(async () => {
    commands = await readCommands();
  });

  test('has every command with all of its options', () => {
    const documented = table(PAGE, 'commands').flatMap(([cell = '']) =>
      inCode(cell).map((code) => [nameOf(code), optionsIn(code)] as const),
    );
    const shown = Array.from(commands, ([name, options]) => {
      const said = CHANGES.includes(name) ? options.filter((option) => !OF_CHANGES.includes(option)) : options;
      return [name, said] as const;
    });
    assert.deepEqual(new Map(documented), new Map(shown));
  });

  test('has the exit codes of --help, word for word', () => {
    const documented = table(PAGE, 'exit codes').map(
      ([code, meaning = '']) => `${code}  ${meaning.replaceAll('`', '')}`,
    );
    assert.deepEqual(
      documented,
      EXIT_CODES_HELP.split('\n')
        .slice(1)
        .map((line) => line.trim()),
    );
    assert.deepEqual(documented.map((line) => Number.parseInt(line, 10)).sort(), Object.values(EXIT).sort());
  });

  test('no page calls sluice with a command or an option that it does not have', () => {
    const wrong = pages()
      .filter(({ path }) => path !== 'CHANGELOG.md')
      .flatMap(({ path, text }) =>
        callsIn(text)
          .filter((call) => !isKnown(call, commands))
          .map((call) => `${path}: ${call}`),
      );
    assert.deepEqual(wrong, []);
  });
});

async function readCommands(): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const look = async (path: readonly string[]): Promise<void> => {
    const { out } = await startCli([...path, '--help'], {}).ended;
    const below = namesIn(section(out, 'Commands:'));
    if (below.length === 0) {
      found.set(path.join(' '), optionsIn(section(out, 'Options:')));
    }
    await Promise.all(below.map((name) => look([...path, name])));
  };
  await look([]);
  assert.ok(found.size > 0);
  return found;
}

const section = (help: string, title: string): string => help.split(`\n${title}\n`)[1]?.split('\n\n')[0] ?? '';
const namesIn = (commands: string): readonly string[] =>
  Array.from(commands.matchAll(/^ {2}(\w+)/gm), ([, name = '']) => name).filter((name) => name !== 'help');

/** Long names, sorted: those at the beginning of a line of --help, or anywhere in a row of the page. */
function optionsIn(text: string): readonly string[] {
  const isHelp = text.startsWith('  ');
  const found = text.matchAll(isHelp ? /^ {2}(?:-\w, )?(--[\w-]+)/gm : /(--[a-z][\w-]*)/g);
  return Array.from(found, ([, name = '']) => name)
    .filter((name) => !OF_ALL.includes(name))
    .sort();
}

const nameOf = (code: string): string => /^\w+(?: (?:check|repair))?/.exec(code)?.[0] ?? code;

/** What follows `sluice`, or the way to it that a README names, up to the end of the command. */
const callsIn = (text: string): readonly string[] =>
  Array.from(
    text.matchAll(/(?:(?:`|^\s*|\$ )sluice|npm run -s sluice --|node src\/cli\.ts) ([a-z][^`|;>#\n]*)/gm),
    ([, call = '']) => call.trim(),
  );

function isKnown(call: string, commands: ReadonlyMap<string, readonly string[]>): boolean {
  const options = commands.get(nameOf(call));
  return options === undefined
    ? nameOf(call) === 'consistency'
    : optionsIn(call).every((option) => options.includes(option));
}
