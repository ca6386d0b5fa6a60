// Whether a proposed B-tree can be built: PostgreSQL refuses entries of more than 2,704 bytes ("index row
// requires 9616 bytes"), and a concurrent build that fails leaves an invalid index behind.
// docs/decisions/0040-entry-sizes.md has the reasons.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/results/finding.h"
#include "model/schema/catalog.h"
#include "plan/run/planner.h"

namespace pgadvise::advisor {

// The longest average of a key column's values, in bytes. PostgreSQL's own limit holds for every value.
constexpr int max_average_width = 500;

// Whether the type has a default B-tree operator class.
bool has_order(const std::string& type);

// text, varchar and char, of any length.
bool is_text(const std::string& type);

struct Fitted {
  std::optional<IndexProposal> proposal;  // the part that can be built, if any
  std::string note;  // why it differs from the proposal, or under which condition it can be built; one
                     // sentence, "" if declared lengths prove it
};

// Decides by declared lengths, else by the lengths in a bounded sample of the live table, else by statistics
// and names. Thread-safe if the planner may be asked, which is only inside Planner::for_each() or outside of
// it on one thread.
class EntrySizes {
 public:
  // `catalog` is that of the proposals. `live` and `planner` may be null: then nothing is sampled.
  EntrySizes(const Catalog& catalog, const Catalog* live, plan::Planner* planner)
      : catalog_(catalog), live_(planner ? live : nullptr), planner_(planner) {}

  // The proposal, or as much of it as can be built: a hash index where the first key is too long and only
  // compared by =, else the keys in front of the first one that is too long.
  Fitted fit(const IndexProposal& proposal);
  // fit() for the proposals of findings: a note becomes evidence, a refusal the title of a manual fix.
  void fit(std::vector<Finding>& findings);
  // Whether values of the column are too long for an entry of their own.
  bool too_long(const Table& table, const Column& column);

 private:
  // The length of a key's values.
  struct Length {
    double bytes = 0;      // declared or sampled maximum
    bool sampled = false;  // more room is left for values that the sample does not have
    std::string refused;   // why the key is left out: "body holds long texts"
    std::string note;      // a condition: "email has no declared length"
  };
  struct Sample {
    std::map<std::string, double> longest;  // in bytes, by the key's SQL
    double rows = 0;
    std::string failed;    // the statement was rejected, or did not finish
    bool allowed = false;  // else pgadvise may not run it there
  };

  Length length(const Table& table, const std::string& key, const Column* column, bool expression);
  static Length guess(const std::string& name, const Column* column);
  const Sample& sample(const Table& table, const std::string& expression);
  double pages(const Table& table) const;
  std::optional<double> declared(const Table& table, const Column& column) const;
  bool indexed(const Table& table, const Column& column) const;
  // What to do where no index can be built.
  std::string instead(const IndexProposal& proposal, const std::string& why) const;
  Length length_of_key(const Table& table, const IndexKey& key);

  const Catalog& catalog_;
  const Catalog* live_;
  plan::Planner* planner_;
  std::mutex mutex_;  // guards samples_
  // By table and expression; the expression is "" for columns.
  std::map<std::pair<QualifiedName, std::string>, Sample> samples_;
};

}  // namespace pgadvise::advisor
