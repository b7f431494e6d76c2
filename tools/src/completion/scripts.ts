// Completion for the shells: names of commands and options as they are when the script is made. Nothing runs at a key press but the
// shell itself.

/** A command as completion sees it. */
export interface Verb {
  /** Words after `ecard`: `pos read`; none for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly children: readonly string[];
  /** What its arguments may be, where they are names and no files. */
  readonly words: readonly string[];
  readonly options: readonly VerbOption[];
}

export interface VerbOption {
  /** `--json`, and `-q` where there is one. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const HEAD = (how: string) => `# Completion of ecard. ${how}`;

/** The script for `shell`. */
export function completionScript(shell: Shell, verbs: readonly Verb[]): string {
  return { bash, zsh, fish }[shell](verbs);
}

function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map(({ path, children, words, options }) => {
    const flags = options.flatMap((option) => option.flags).join(" ");
    const names = [...children, ...words].join(" ");
    return `    "${path.join(" ")}") flags="${flags}" names="${names}" ;;`;
  });
  const choices = verbs
    .flatMap(({ options }) => options)
    .filter(({ choices: some }) => some.length > 0)
    .map(
      ({ flags, choices: some }) =>
        `    ${flags.at(-1)}) COMPREPLY=($(compgen -W "${some.join(" ")}" -- "$word")); return ;;`,
    );
  return `${HEAD('In ~/.bashrc: eval "$(ecard completion bash)"')}
_ecard() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" path="" flags="" names="" i
  case "$previous" in
${[...new Set(choices)].join("\n")}
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path\${path:+ }\${COMP_WORDS[i]}" in
      ${verbs
        .filter(({ path }) => path.length > 0)
        .map(({ path }) => `"${path.join(" ")}"`)
        .join(" | ")}) path="$path\${path:+ }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -n "$names" ]]; then COMPREPLY=($(compgen -W "$names" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _ecard ecard
`;
}

function zsh(verbs: readonly Verb[]): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''");
  const spare = (text: string) => quote(text).replaceAll(/[[\]:]/g, "\\$&");
  const spec = ({ flags, description, takesValue, choices }: VerbOption) => {
    const value = takesValue ? (choices.length > 0 ? `:value:(${choices.join(" ")})` : ":value:_files") : "";
    return flags.map((flag) => `'${flag}[${spare(description)}]${value}'`).join(" ");
  };
  const functions = verbs.map((verb) => {
    const { path, children, words, options } = verb;
    const name = ["_ecard", ...path].join("_");
    const described = children.map((child) => {
      const is = verbs.find((other) => other.path.join(" ") === [...path, child].join(" "));
      return `'${child}:${spare(is?.description ?? "")}'`;
    });
    const names = words.length > 0 ? `'1:name:(${words.join(" ")})'` : "'*:file:_files'";
    const rest = children.length > 0 ? ["'1: :->verb'", "'*:: :->rest'"] : [names];
    const lines = [`${name}() {`, "  local state line", "  local -a names", "  _arguments -C \\"];
    lines.push(...options.map((option) => `    ${spec(option)} \\`), `    ${rest.join(" ")}`);
    if (children.length > 0) {
      lines.push("  case $state in", `    verb) names=(${described.join(" ")}); _describe command names ;;`);
      lines.push("    rest) case $line[1] in");
      lines.push(...children.map((child) => `      ${child}) ${name}_${child} ;;`), "    esac ;;", "  esac");
    }
    return [...lines, "}"].join("\n");
  });
  return `#compdef ecard
${HEAD('In ~/.zshrc, after compinit: eval "$(ecard completion zsh)"')}
${functions.join("\n")}
compdef _ecard ecard
`;
}

function fish(verbs: readonly Verb[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = verbs.flatMap(({ path, children, words, options }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const none = children.length > 0 ? [`not __fish_seen_subcommand_from ${children.join(" ")}`] : [];
    const when = [...seen, ...none].join("; and ");
    const verbLines = children.map((child) => {
      const is = verbs.find((other) => other.path.join(" ") === [...path, child].join(" "));
      return `complete -c ecard -f -n ${quote(when)} -a ${child} -d ${quote(is?.description ?? "")}`;
    });
    const optionLines = options.map(({ flags, description, takesValue, choices }) => {
      const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const value = !takesValue ? "" : choices.length > 0 ? ` -x -a ${quote(choices.join(" "))}` : " -r";
      return `complete -c ecard -n ${quote(when)} ${names.join(" ")}${value} -d ${quote(description)}`;
    });
    const wordLines = words.map((word) => `complete -c ecard -f -n ${quote(when)} -a ${word}`);
    return [...verbLines, ...wordLines, ...optionLines];
  });
  return `${HEAD("ecard completion fish > ~/.config/fish/completions/ecard.fish")}
${lines.join("\n")}
`;
}
