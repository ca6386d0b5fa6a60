// The script of a job of a CI service, and what the job shows about the database that its commands change.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/commands/resolver.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {

// Variables by name. A value that comes from the CI service's settings begins with "secrets.".
using Environment = std::map<std::string, std::string>;

struct Events {
  bool pull_request = false;
  bool push = false;
  bool main = false;     // a push to the main branch, or a tag
  bool on_call = false;  // workflow_call, workflow_dispatch, schedule …: whatever the caller wants
};

// The branches that a condition limits a job to; none: there is no such condition.
enum class Guard { none, main, others };

// What a service's configuration says about a job or step.
struct CiJob {
  std::string environment;    // the named environment of the deployment; "" if none
  bool own_database = false;  // starts one for itself
  Guard guard = Guard::none;
  Events events;
  bool tests = false;           // named for tests
  bool deploys = false;         // named for a deployment; without a guard, of any environment
  bool not_production = false;  // the file or the job is named for staging, previews or development
};

struct CiScript {
  struct Line {
    std::string text;              // shell commands
    std::size_t offset = 0;        // of the text in the file, in bytes
    std::string folder = {};       // the line's own working directory; "" for the script's
    Environment environment = {};  // the line's own variables, which replace those of the script
    Guard guard = Guard::none;     // the line's own condition
    bool remote = false;           // runs on another machine
  };
  std::string name;  // of the job
  CiJob facts;
  Environment environment;
  std::vector<std::string> services;  // names of the job's own containers
  std::vector<Line> lines;            // in the order in which they run
  std::string folder;                 // the working directory, relative to the repository
  bool one_shell = true;              // a `cd` in a line also changes the directory of the lines after it
};

// A YAML file that describes jobs, and where their commands go. The text must outlive the CiFile.
struct CiFile {
  Resolver& resolver;
  const std::string& path;
  const std::string& text;
  YAML::Node root;

  // The scalar's text as a line of a script.
  CiScript::Line line_of(const YAML::Node& scalar) const {
    return {scalar.Scalar(), files::yaml_offset(scalar, text)};
  }
};

// Resolves, as commands of the file `path`, those lines of the script that may change a shared database. The
// database of a line follows from its variables, or from those that earlier lines wrote to a file
// such as .env. run_script() skips a line whose variables name a development or test environment, and a line
// after the job has started a database of its own.
void run_script(Resolver& resolver, const std::string& path, CiScript script);

// Whether the image is a database server that a job starts for itself.
bool database_image(const std::string& image);

// Whether the branch of a deployment matches the pattern: "main", "release/*", "**".
bool main_branch(const std::string& pattern);

// The guard of a condition. `main` and `others` are parts, in lower case, of conditions for the main branch
// and for other branches; a negation swaps the two.
Guard guard_of(const std::string& condition, std::initializer_list<std::string_view> main,
               std::initializer_list<std::string_view> others);

// Whether the name of a job or step has a word for tests.
bool test_name(const std::string& name);

// Sets `tests` and `deploys` where the name of a job, step or stage has a word for that: "deploy",
// "release_production".
void take_name(CiJob& job, const std::string& name);

}  // namespace pgadvise::deploy
