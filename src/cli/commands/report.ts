import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { writeJson } from '../terminal/output.ts';

type ReportOptions = { readonly lang: 'en' | 'zh'; readonly format: 'md' | 'html'; readonly out?: string };

export function addReportCommand(program: Command, context: Context): void {
  const command = program
    .command('report')
    .description("write the rollout's progress report, every mark of it by evidence")
    .addOption(new Option('--lang <language>', 'its language').choices(['en', 'zh']).default('en'))
    .addOption(new Option('--format <format>', 'Markdown, or a page with charts').choices(['md', 'html']).default('md'))
    .option('-o, --out <file>', 'write it to a file instead of stdout')
    .addHelpText(
      'after',
      `
It is made by the controller from its journal and what it measured: ✅ is shown by evidence, ❌ failed, ⏳ has no evidence yet.
With --json it is { "report": "…" }.

Examples:
  sluice report --lang zh > report.md
  sluice report --format html --out report.html`,
    )
    .action(async ({ lang, format, out }: ReportOptions) => {
      const output = context.output(command);
      const text = await context.client(command).report(lang, format);
      if (out !== undefined) {
        await writeFile(out, text).catch((error: Error) => {
          throw new CliError(EXIT.usage, `--out is ${JSON.stringify(out)}, which cannot be written: ${error.message}.`);
        });
        output.err(`The report is in ${out}.\n`);
        return;
      }
      if (command.optsWithGlobals<GlobalOptions>().json === true) {
        writeJson(output, { report: text });
      } else {
        output.out(text);
      }
    });
}
