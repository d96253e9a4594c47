import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { writeJson } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';
import type { File } from './lint-files.ts';

type LintOptions = { readonly flag?: string; readonly plan?: string };

export function addLintCommand(program: Command, context: Context): void {
  const command = program
    .command('lint')
    .description("find flagd's silent traps in flags files, and what is wrong with a plan; works offline")
    .argument('<file...>', "flagd's JSON or YAML, manifests of FeatureFlag or ConfigMap, or a plan (rollout.yaml)")
    .option('--flag <key>', "the rollout's flag: it has to be there, with percents (default: the plan's)")
    .option('--plan <file>', 'a plan to check too; plans among the files are known by their keys')
    .addHelpText(
      'after',
      `
Prints file:line:column: severity: message, and the hash of each plan that is right. Ends with 6 when there are errors; warnings alone end with 0.

Examples:
  sluice lint flags.json
  sluice lint k8s/*.yaml --plan rollout.yaml
  sluice lint flags.json --flag violation-status-domain-percent`,
    )
    .action(async (names: string[], { flag, plan }: LintOptions) => {
      const output = context.output(command);
      const files = Array.from(new Set(names), readFile);
      const plans = plan === undefined ? [] : [readFile(plan)];
      // Loaded here, because no other command needs the YAML parser and the schemas.
      const { lintFiles, renderFinding, renderLintSummary, renderPlan } = await import('./lint-files.ts');
      const { findings, plans: right } = lintFiles(files, plans, flag);
      const checked = new Set([...files, ...plans].map(({ name }) => name));
      const errors = findings.filter(({ severity }) => severity === 'error').length;
      if (command.optsWithGlobals<GlobalOptions>().json) {
        writeJson(output, { files: [...checked], errors, warnings: findings.length - errors, findings, plans: right });
      } else {
        for (const finding of findings) {
          const line = printable(renderFinding(finding));
          output.out(`${finding.severity === 'error' ? output.paint.red(line) : output.paint.yellow(line)}\n`);
        }
        for (const each of right) {
          output.out(`${printable(renderPlan(each))}\n`);
        }
        output.out(`${renderLintSummary(checked.size, findings)}\n`);
      }
      context.finishWith(errors > 0 ? EXIT.lint : EXIT.ok);
    });
}

function readFile(name: string): File {
  try {
    return { name, text: readFileSync(name, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : (code ?? message);
    throw new CliError(EXIT.usage, `${name} cannot be read: ${why}. Name files that can be read.`);
  }
}
