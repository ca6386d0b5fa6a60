// Parses Prisma's schema language: .prisma files.
//
// Knows the form of the language and none of its words: which attributes exist and what they mean is in
// schema.cc. Nesting is limited to 32 levels; what lies deeper is a line that is not understood.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/source_location.h"

namespace pgadvise::prisma {

struct Expression {
  enum class Kind { missing, text, number, word, call, array, object };
  std::string name = {};  // of an argument or a setting; "" for an unnamed one
  Kind kind = Kind::missing;
  std::string text = {};                 // of a text: unescaped; of a call: the function's name
  std::vector<Expression> members = {};  // arguments of a call, items of an array, members of an object

  bool is(Kind one) const { return kind == one; }
};

struct Attribute {
  std::string name;  // "id", "db.VarChar", "relation"
  std::vector<Expression> arguments = {};
  SourceLocation origin = {};

  // The argument of the name, else the unnamed one at the position; nullptr: neither is there.
  const Expression* argument(std::string_view of_name, std::size_t position = std::string_view::npos) const;
  // A text argument; "" without.
  std::string text(std::string_view of_name, std::size_t position = std::string_view::npos) const;
};

// A field of a model, or a value of an enum.
struct Field {
  std::string name;
  std::string type = {};         // "" for values of enums
  std::string unsupported = {};  // the SQL type of Unsupported("…")
  bool list = false;
  bool optional = false;
  std::vector<Attribute> attributes = {};
  SourceLocation origin = {};

  const Attribute* attribute(std::string_view of_name) const;
};

struct Block {
  std::string keyword;  // "model", "view", "enum", "datasource", "generator", "type"
  std::string name;
  std::vector<Field> fields = {};
  std::vector<Attribute> attributes = {};   // @@…
  std::vector<Expression> settings = {};    // of datasource and generator
  std::vector<SourceLocation> broken = {};  // lines that are not understood
  SourceLocation origin = {};

  const Attribute* attribute(std::string_view of_name) const;
  const Expression* setting(std::string_view of_name) const;
};

struct File {
  std::string path;
  std::vector<Block> blocks = {};
  std::vector<SourceLocation> broken = {};  // lines outside of blocks
};

// `path` is used in locations. Time is linear in the length of the text.
File parse(std::string path, std::string_view text);

}  // namespace pgadvise::prisma
