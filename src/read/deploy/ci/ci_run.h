// Passes the script of a job of a CI service to the resolver.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "deploy/ci/ci_job.h"
#include "deploy/commands/resolver.h"

namespace pgadvise::deploy {

struct CiScript {
  struct Line {
    std::string text;
    std::size_t offset = 0;   // of the text in the file
    std::string folder = {};  // its own working directory; "" for the job's
  };
  std::string name;  // of the job
  CiJob facts;       // without the database, which `environment` and the lines show
  Environment environment;
  std::vector<std::string> services;  // names of the job's own containers
  std::vector<Line> lines;            // in the order in which they run, in one shell
  std::string folder;                 // the working directory, relative to the repository
};

// Passes the lines that change a shared database; none where the variables name an environment of tests.
void run_script(Resolver& resolver, const std::string& path, CiScript script);

}  // namespace pgadvise::deploy
