// What pgadvise says of its own command line: completion scripts for shells, and the manual page. Both come
// from the options themselves, so that neither can be out of date.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/process/shell.h"
#include "base/text/text.h"
#include "cli/commands/commands.h"
#include "cli/options/usage.h"
#include "cli/output/output.h"

namespace pgadvise::cli {
namespace {

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string bash(const CLI::App& app) {
  std::string commands;
  std::string cases;
  std::string values;
  for (const CLI::App* sub : app.get_subcommands({})) {
    commands += " " + sub->get_name();
    std::string words;
    for (const auto* option : named_options(*sub)) {
      for (const auto& name : names_of(*option)) words += " " + name;
      if (const auto known = choices(option->get_type_name()); !known.empty())
        values += fmt::format("    {}:{}) COMPREPLY=($(compgen -W '{}' -- \"$word\")); return ;;\n",
                              sub->get_name(), join(names_of(*option), fmt::format("|{}:", sub->get_name())),
                              join(known, " "));
    }
    for (const CLI::App* deeper : sub->get_subcommands({})) words += " " + deeper->get_name();
    cases += fmt::format("    {}) options='{}' ;;\n", sub->get_name(), trim(words));
  }
  return fmt::format(
      "# bash completion of pgadvise: pgadvise completion bash > "
      "/usr/share/bash-completion/completions/pgadvise\n"
      "_pgadvise() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=check options "
      "i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${{COMP_WORDS[i]}} in {}) command=${{COMP_WORDS[i]}}; break ;; esac\n"
      "  done\n"
      "  case $command:$before in\n{}  esac\n"
      "  case $command in\n{}  esac\n"
      "  ((COMP_CWORD == 1)) && options=\"$options{} --help --version\"\n"
      "  [[ $word == -* || $COMP_CWORD == 1 ]] && COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
      "}}\n"
      "complete -o default -F _pgadvise pgadvise\n",
      replace_all(std::string(trim(commands)), " ", "|"), values, cases, commands);
}

// What zsh and fish show beside an option: its first sentence.
std::string brief(const CLI::Option& option) {
  std::string text = option.get_description();
  text = text.substr(0, text.find_first_of(":;"));
  return ellipsis(text, 70);
}

std::string fish(const CLI::App& app) {
  std::string out =
      "# fish completion of pgadvise: pgadvise completion fish > ~/.config/fish/completions/pgadvise.fish\n";
  for (const CLI::App* sub : app.get_subcommands({})) {
    out += fmt::format("complete -c pgadvise -n __fish_use_subcommand -a {} -d {}\n", sub->get_name(),
                       quote_shell(ellipsis(sub->get_description(), 70)));
    for (const auto* option : named_options(*sub)) {
      std::string line =
          fmt::format("complete -c pgadvise -n '__fish_seen_subcommand_from {}'", sub->get_name());
      for (const auto& name : option->get_snames()) line += " -s " + name;
      for (const auto& name : option->get_lnames()) line += " -l " + name;
      if (takes_value(*option)) line += " -r";
      if (const auto known = choices(option->get_type_name()); !known.empty())
        line += " -f -a " + quote_shell(join(known, " "));
      out += line + " -d " + quote_shell(brief(*option)) + "\n";
    }
  }
  return out;
}

std::string zsh(const CLI::App& app) {
  const auto plain = [](const std::string& text) {
    return replace_all(replace_all(replace_all(text, "[", "("), "]", ")"), "'", "'\\''");
  };
  std::string commands;
  std::string cases;
  for (const CLI::App* sub : app.get_subcommands({})) {
    commands += fmt::format("    '{}:{}'\n", sub->get_name(),
                            plain(replace_all(ellipsis(sub->get_description(), 70), ":", "")));
    cases += fmt::format("    {}) _arguments", sub->get_name());
    for (const auto* option : named_options(*sub))
      for (const auto& name : names_of(*option)) {
        cases += fmt::format(" \\\n      '*{}[{}]", name, plain(brief(*option)));
        if (const auto known = choices(option->get_type_name()); !known.empty())
          cases += ":value:(" + join(known, " ") + ")";
        else if (takes_value(*option)) cases += ":value:_files";
        cases += "'";
      }
    cases += " '*:file:_files' ;;\n";
  }
  return fmt::format(
      "#compdef pgadvise\n# zsh completion of pgadvise: pgadvise completion zsh > _pgadvise, in a folder of "
      "$fpath\n"
      "_pgadvise() {{\n  local -a commands\n  commands=(\n{}  )\n"
      "  if ((CURRENT == 2)); then _describe command commands; _files; return; fi\n"
      "  local command=$words[2]\n  shift words; ((CURRENT--))\n  case $command in\n{}  esac\n}}\n_pgadvise "
      "\"$@\"\n",
      commands, cases);
}

// Of roff: a line must not begin with a full stop or an apostrophe, and a backslash is written as \e.
std::string roff(const std::string& text) {
  std::string out;
  for (const auto line : split(text, '\n')) {
    if (!out.empty()) out += "\n";
    if (line.starts_with('.') || line.starts_with('\'')) out += "\\&";
    out += replace_all(replace_all(std::string(line), "\\", "\\e"), "-", "\\-");
  }
  return out;
}

void manual_of(const CLI::App& app, const std::string& name, std::string& out) {
  out += fmt::format(".SS {}\n{}\n", roff(name), roff(app.get_description()));
  for (const auto* option : app.get_options({})) {
    std::string head = option->nonpositional() ? join(names_of(*option), ", ") : option->get_name(true);
    if (option->nonpositional() && takes_value(*option)) head += " " + option->get_type_name();
    out += fmt::format(".TP\n.B {}\n{}\n", roff(head), roff(option->get_description()));
  }
  if (const auto footer = app.get_footer(); !footer.empty()) out += fmt::format(".PP\n{}\n", roff(footer));
  for (const CLI::App* sub : app.get_subcommands({})) manual_of(*sub, name + " " + sub->get_name(), out);
}

std::string manual(const CLI::App& app) {
  std::string out = fmt::format(
      ".TH PGADVISE 1 \"\" \"pgadvise {}\" \"User Commands\"\n.SH NAME\npgadvise \\- find what makes a "
      "PostgreSQL application slow or unsafe\n"
      ".SH SYNOPSIS\n.B pgadvise\n.RI [ COMMAND ]\n.RI [ OPTIONS ]\n.RI [ PATH \\|.\\|.\\|.]\n.SH "
      "DESCRIPTION\n{}\nWithout a command: check.\n.SH COMMANDS\n",
      PGADVISE_VERSION, roff(app.get_description()));
  for (const CLI::App* sub : app.get_subcommands({})) manual_of(*sub, "pgadvise " + sub->get_name(), out);
  return out + fmt::format(".SH EXIT STATUS\n{}\n.SH SEE ALSO\n.BR psql (1),\n.BR pg_dump (1)\n",
                           roff(app.get_footer()));
}

using Text = std::string (*)(const CLI::App&);

}  // namespace

void add_self(CLI::App& app, int& exit_code) {
  auto* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  completion->require_subcommand(1);
  for (const auto& [shell, text] :
       std::initializer_list<std::pair<const char*, Text>>{{"bash", bash}, {"zsh", zsh}, {"fish", fish}})
    completion->add_subcommand(shell, std::string("For ") + shell)
        ->callback([&app, &exit_code, script = text] { exit_code = print_output(script(app)); });
  app.add_subcommand("manual", "Print the manual page, in man's format")->callback([&app, &exit_code] {
    exit_code = print_output(manual(app));
  });
}

}  // namespace pgadvise::cli
