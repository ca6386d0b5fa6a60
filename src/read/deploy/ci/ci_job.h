// What a job of a CI service shows about the database that its commands change.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/shell/shell.h"

namespace pgadvise::deploy {

using Environment = std::map<std::string, std::string>;  // the variables of a job

// What is known of the database that a job's environment names.
enum class Database { unknown, local, test, preview, secret, computed };

// Of the value of a variable; `services`: the names of the job's own containers.
Database database_of_value(const std::string& value, const std::vector<std::string>& services);
// Of the variables that are named after a database.
Database database_of(const Environment& environment, const std::vector<std::string>& services);

// Of the variables that a script writes to a file that later steps read, such as .env.
Database database_written(const std::string& script, const std::vector<std::string>& services);

// Whether the image is a database server that a job starts for itself.
bool database_image(const std::string& image);
// Whether the script starts a database, as with `docker compose up`.
bool starts_database(const std::string& script);

struct Events {
  bool pull_request = false;
  bool push = false;
  bool main = false;     // a push to the main branch, or a tag
  bool on_call = false;  // workflow_call, workflow_dispatch, schedule …: whatever the caller wants
};

// "main", "release/*", "**": a pattern that the branch of a deployment matches.
bool main_branch(const std::string& pattern);

// What the condition of a job says: on main only, on others only.
enum class Guard { none, main, others };
Guard guard_of(const std::string& condition);

// Whether the name of a job or step has a word for tests.
bool test_name(const std::string& name);

struct CiJob {
  std::string environment;  // the named environment of the deployment; "" if none
  Database database = Database::unknown;
  bool own_database = false;  // starts one for itself
  Guard guard = Guard::none;
  Events events;
  bool tests = false;           // named for tests
  bool deploys = false;         // named for a deployment: without a guard, it need not be production's
  bool not_production = false;  // the file or the job is named for staging, previews or development
};

// nullopt: the job changes a database of its own, or is no deployment.
std::optional<Target> target_of_job(const CiJob& job);

}  // namespace pgadvise::deploy
