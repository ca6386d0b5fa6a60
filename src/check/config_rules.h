// The sections of pgadvise.toml about findings: [rules], [[ignore]] and [[owner]].
#pragma once

#include "check/config.h"
#include "check/config_errors.h"
#include "check/toml.h"

namespace pgadvise::check {

// Each reads the value of its key into `out`, beside what extended files set there. What is wrong becomes an
// error, and is left out.
void read_rules(const toml::node& node, ConfigErrors& errors, Config& out);
void read_ignores(const toml::node& node, ConfigErrors& errors, Config& out);
void read_owners(const toml::node& node, ConfigErrors& errors, Config& out);

}  // namespace pgadvise::check
