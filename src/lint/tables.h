// What several schema and index rules ask of a table.
#pragma once

#include <string>
#include <vector>

#include "lint/context.h"
#include "model/catalog.h"

namespace pgadvise::lint {

// Tables of the project that hold rows: ordinary ones and partitioned parents, not their partitions, nothing
// temporary, no bookkeeping of a migration tool or extension.
std::vector<const Table*> checked_tables(const Context& context);

// Made by a migration tool, an extension or a job queue for itself. `table`: nullptr if only the name is
// known.
bool made_by_tool(const QualifiedName& name, const Table* table);

const Constraint* primary_key(const Table& table);

// A valid unique index without expressions whose columns are all among `columns`; nullptr when there is none.
// With `partial`, one that covers a part of the rows counts.
const Index* unique_among(const Table& table, const std::vector<std::string>& columns, bool partial = false);

bool contains(const std::vector<std::string>& list, std::string_view value);

// A table that links two others and holds nothing of its own: two keys of one column each, beside them at
// most a number or uuid of its own and when it came and changed. `links` are the two columns.
struct Junction {
  bool is = false;
  std::vector<std::string> links;
};
Junction junction(const Table& table);

// Rows are written once and never looked back from: logs, events, history, queues.
bool named_like_log(const Table& table);

// "12,000"
std::string grouped(double number);
// "1.2 GB"
std::string bytes_text(double bytes);

Evidence catalog_fact(std::string text, std::optional<SourceLocation> place = std::nullopt);

}  // namespace pgadvise::lint
