// Reads the files that CI services and hosting services take their commands from. Each function resolves the
// commands of its files, and reports files with broken syntax in the tree's diagnostics.
#pragma once

#include "deploy/commands/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Of CI jobs only the commands count that change a database which the job shares with others (ci_run.h).

// GitHub: .github/workflows.
void read_workflows(files::Tree& tree, Resolver& resolver);
// GitLab (.gitlab-ci.yml and the files of the repository that it includes), Bitbucket
// (bitbucket-pipelines.yml) and CircleCI (.circleci/config.yml).
void read_pipelines(files::Tree& tree, Resolver& resolver);
// Jenkinsfiles, declarative and scripted, as text: `sh` steps, and the stages, `when` and `if` around them.
void read_jenkinsfiles(files::Tree& tree, Resolver& resolver);

// Procfile, vercel.json, fly.toml, render.yaml, railway.*, netlify.toml … TOML is read line by line:
// `key = "command"`.
void read_hosting_files(files::Tree& tree, Resolver& resolver);

}  // namespace pgadvise::deploy
