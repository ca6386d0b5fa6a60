// Reads files of hosting services: Procfile, vercel.json, fly.toml, render.yaml, railway.*, netlify.toml …
// TOML is read line by line: `key = "command"`.
#pragma once

#include "deploy/commands/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Passes the commands in these files to the resolver.
void read_hosting_files(files::Tree& tree, Resolver& resolver);

}  // namespace pgadvise::deploy
