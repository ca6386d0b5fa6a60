// The sections of pgadvise.toml about findings: [rules], [[ignore]] and [[owner]].
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check/config/config_errors.h"
#include "check/config/toml.h"
#include "lint/run/context.h"
#include "model/results/owner_entry.h"
#include "model/results/suppression.h"

namespace pgadvise::check {

// Each reads the value of its key into `out`, beside what extended files set there. What is wrong becomes an
// error, and is left out.
void read_rules(const toml::node& node, ConfigErrors& errors, lint::Settings& out);
void read_ignores(const toml::node& node, ConfigErrors& errors, std::vector<Suppression>& out);
void read_owners(const toml::node& node, ConfigErrors& errors, std::vector<OwnerEntry>& out);

// A hint for an unknown rule id: "did you mean x?", or how to list the rules.
std::string unknown_rule_hint(std::string_view id);

}  // namespace pgadvise::check
