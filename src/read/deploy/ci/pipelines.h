// Reads pipelines of GitLab (.gitlab-ci.yml), Bitbucket (bitbucket-pipelines.yml) and CircleCI
// (.circleci/config.yml), and finds jobs that change a database that they share with others.
#pragma once

#include "deploy/commands/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Passes the commands of these jobs to the resolver.
void read_pipelines(files::Tree& tree, Resolver& resolver);

}  // namespace pgadvise::deploy
