// The environment of a command that may reach a sandbox only: whatever names a database names the sandbox.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pgadvise::pg {

struct SandboxAddress {
  std::string host = "127.0.0.1";
  int port = 5432;
  std::string user = "pgadvise", password, database = "sandbox";
};

// A variable, and its value; an empty value takes the variable out of the environment.
using Variables = std::vector<std::pair<std::string, std::string>>;

// What to change in `environment`, and what to set although only a .env file names it, so that a program
// which reads the file keeps ours (dotenv does not replace a variable that is set):
// - each variable with a URL or connection string of PostgreSQL gets that of the sandbox, in the same form;
//   of another database: an address that nothing listens on;
// - parts of an address (DB_HOST, POSTGRES_PASSWORD, TYPEORM_PORT …) get those of the sandbox;
// - DATABASE_URL, JDBC_DATABASE_URL and libpq's variables are set; libpq's other variables are taken out.
// `env_files`: texts of .env files. A value that is a reference to another variable is left as it is.
Variables sandbox_environment(const Variables& environment, const std::vector<std::string>& env_files,
                              const SandboxAddress& sandbox);

// This process's own.
Variables own_environment();

// The texts of .env, .env.local and the like in these folders: at most 50 files of 1 MB.
std::vector<std::string> read_env_files(const std::vector<std::string>& folders);

}  // namespace pgadvise::pg
