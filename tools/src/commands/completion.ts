// ecard completion: the shell's own script for the names that this command line has.

import { Argument, type Command } from "commander";
import { SHELLS, type Shell, type Verb } from "../completion/scripts.js";
import type { Context } from "../context.js";

export function completionCommand(program: Command, context: Context): void {
  program
    .command("completion")
    .description("print the completion script of a shell")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText(
      "after",
      `
With --json: one line {"shell","script"}.

Examples:
  eval "$(ecard completion bash)"
  ecard completion fish > ~/.config/fish/completions/ecard.fish`,
    )
    .action(async (shell: Shell, _options: object, command: Command) => {
      const { completionScript } = await import("../completion/scripts.js");
      const output = context.output(command);
      const script = completionScript(shell, verbsOf(program));
      output.fact({ shell, script });
      output.result(script.trimEnd());
    });
}

/** The program and all that is below it. */
export function verbsOf(program: Command): Verb[] {
  const walk = (command: Command, path: readonly string[]): Verb[] => [
    {
      path,
      description: command.description(),
      words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      children: command.commands.map((child) => child.name()),
      options: command.options.map(({ short, long, description, required, optional, argChoices }) => ({
        flags: [short, long].filter((flag): flag is string => flag !== undefined && flag !== null),
        description,
        takesValue: required || optional,
        choices: argChoices ?? [],
      })),
    },
    ...command.commands.flatMap((child) => walk(child, [...path, child.name()])),
  ];
  return walk(program, []);
}
