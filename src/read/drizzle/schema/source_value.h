// Recognizes Drizzle's functions in values of TypeScript source.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "typescript/value.h"

namespace pgadvise::drizzle {

// One call of a chain: .name(arguments).
struct ChainCall {
  std::string name;
  const typescript::Value* call = nullptr;
};

// varchar('a').notNull().default('x'): the call varchar('a'), and the calls of notNull and default. Of a
// value that is not a call, the value alone.
struct Chain {
  typescript::ValuePtr root;
  std::vector<ChainCall> calls;

  const ChainCall* find(std::string_view name) const;
};
Chain chain_of(const typescript::ValuePtr& value);

// The name of a function of drizzle-orm/pg-core, or of drizzle-orm; "" for anything else.
std::string pg_core_name(const typescript::Value& function);
std::string drizzle_orm_name(const typescript::Value& function);

// The schema of pgSchema('name'); nullopt for anything else and for an unknown name.
std::optional<std::string> schema_name(const typescript::Value& value);

// What kind of object the call makes: "table", "enum", "view", "materializedView" or "sequence"; "" for
// anything else. `schema` gets the object's schema; nullopt when it is not known.
std::string made_object(const typescript::Value& call, std::optional<std::string>& schema);

// The text of a string, and of an object's member that is one.
std::optional<std::string> text_of(const typescript::ValuePtr& value);
std::optional<std::string> text_member(const typescript::Value& object, std::string_view key);
// Whether an object's member is true; false for a missing one.
bool flag_member(const typescript::Value& object, std::string_view key);
// Of a call: the argument, or undefined.
typescript::ValuePtr argument(const typescript::Value& call, std::size_t index);

}  // namespace pgadvise::drizzle
