// Resolves a text that runs on deployment to the commands that it reaches: through package.json scripts,
// shell scripts, and wrapper programs.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "deploy/commands/code_commands.h"
#include "deploy/shell/command.h"
#include "deploy/shell/makefile.h"
#include "deploy/shell/shell.h"
#include "drizzle/kit/config.h"
#include "files/tree.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// The content of an image that is needed to find the scripts that it runs.
struct ImageFiles {
  std::string folder;                                       // of the Dockerfile
  std::string workdir;                                      // in the image
  std::vector<std::pair<std::string, std::string>> copies;  // COPY source, destination
  // Files that the Dockerfile itself writes (RUN echo … > f, COPY <<EOF f): base name, text, offset of the
  // text.
  std::map<std::string, std::pair<std::string, std::size_t>> written;
  std::string path;  // of the Dockerfile
};

// A text to be read as a shell script, and where it stands.
struct ShellText {
  std::string text;
  std::string file;        // relative
  std::size_t offset = 0;  // of the text in the file
};

// How a deployment reaches a text.
struct Way {
  DeployCommand::Stage stage = DeployCommand::Stage::start;
  Target target = Target::any;
  std::string folder;                  // the working directory, relative to the repository
  std::string entry;                   // "script build", "job deploy": DeployCommand::entry
  std::vector<std::string> path;       // the steps that lead to the text: DeployCommand::path
  std::vector<std::string> arguments;  // of the shell script: $1 …
  std::vector<std::string> open;       // scripts and files being resolved, to detect cycles
  const ImageFiles* image = nullptr;
  bool conditional = false;
  bool unprotected = false;  // DISABLE_DATABASE_ENVIRONMENT_CHECK is set
};

// Texts that a Resolver reads in all. It sees circles, but scripts that call two others each grow fast.
inline constexpr int max_texts = 20'000;

// Collects the DeployCommands that texts reach. Texts may be passed in any order. Files that are missing or
// not readable are skipped. Keeps references to the tree and the configurations, which must outlive it.
class Resolver {
 public:
  Resolver(files::Tree& tree, const std::vector<drizzle::DrizzleConfig>& configs)
      : tree_(tree), configs_(configs) {}

  // Resolves the commands of a shell text that may run against production.
  void shell(const ShellText& text, const Way& way);
  // Resolves the exec form: words without a shell.
  void words(const std::vector<std::string>& list, const ShellText& where, const Way& way);
  // Resolves a script of a package with its pre and post hooks. `tail`: text that the caller appends, such as
  // " --force".
  void script(const files::Package& package, const std::string& name, const std::string& tail,
              const Way& way);
  // Resolves a shell script, or the commands and seeds in JavaScript and TypeScript.
  void file(const std::string& path, const std::vector<std::string>& arguments, const Way& way);
  // Resolves a target of a Makefile, after what it needs.
  void make_target(const std::string& path, const std::string& name, const Way& way);
  // Adds a schema change in the application's own code, whoever calls it.
  void schema_calls(const std::string& path, const Way& way);
  // The folder of the repository that became a folder of the image: the longest end of the path that has a
  // package.json, else the folder of the Dockerfile if that has one, else "".
  std::string folder_in_image(const std::string& folder, const ImageFiles& image);

  std::vector<DeployCommand> take() { return std::move(out_); }

 private:
  bool spend() { return budget_-- > 0; }
  void command(const ShellCommand& command, const ShellText& text, const Way& way);
  void invoke(const Invocation& invocation, const ShellCommand& command, const ShellText& text,
              const Way& way);
  void run_script(const Invocation& invocation, const ShellCommand& command, const ShellText& text,
                  const Way& way);
  void run_file(const Invocation& invocation, const Way& way);
  void make(const std::vector<std::string>& words, const Way& way);
  void body(const files::Package& package, const std::string& name, const std::string& tail, const Way& way);
  void code(const std::string& path, const std::string& content, const Way& way);
  void seeds(const std::vector<std::string>& words, const ShellCommand& command, const Way& way);
  void calls(const std::vector<CodeCommand>& found, const std::string& path, const Way& way);
  void emit(const std::vector<std::string>& words, const ShellCommand& command, const ShellText& text,
            const Way& way);
  std::string find_file(const std::string& name, const Way& way);
  std::string change_folder(const std::string& folder, const std::string& to, const Way& way);

  files::Tree& tree_;
  const std::vector<drizzle::DrizzleConfig>& configs_;
  std::vector<DeployCommand> out_;
  std::map<std::string, std::vector<MakeTarget>> makefiles_;  // those that were read, by path
  int budget_ = max_texts;
};

// Whether the command starts a server for development: `next dev`, `npm run start:dev`, `tsx watch`. All
// other commands of its script are then for development, too.
bool runs_development_server(const std::vector<std::string>& words);

}  // namespace pgadvise::deploy
