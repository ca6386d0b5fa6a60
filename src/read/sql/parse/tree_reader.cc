#include "sql/parse/tree_reader.h"

#include <charconv>
#include <cstring>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text/text.h"

namespace pgadvise::sql {
namespace {

// The JSON has a field's name as PostgreSQL has it (typeName, A_Const), the descriptors as C does (type_name,
// a_const).
char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    std::size_t out = 0;
    for (const char c : name)
      if (c != '_') out = out * 31 + static_cast<unsigned char>(small(c));
    return out;
  }
};
struct SameName {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    std::size_t i = 0, j = 0;
    for (;; ++i, ++j) {
      while (i < a.size() && a[i] == '_') ++i;
      while (j < b.size() && b[j] == '_') ++j;
      if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
      if (small(a[i]) != small(b[j])) return false;
    }
  }
};

struct Type;
struct Field {
  const ProtobufCFieldDescriptor* descriptor;
  const Type* type;  // of a message
};
struct Type {
  const ProtobufCMessageDescriptor* descriptor;
  std::unordered_map<std::string_view, Field, NameHash, SameName> fields;
};

// Every type that a parse result can hold.
class Types {
 public:
  Types() : root_(add(&pg_query__parse_result__descriptor)) {
    for (; !waiting_.empty(); waiting_.pop_front()) {
      Type& type = *waiting_.front();
      for (unsigned i = 0; i < type.descriptor->n_fields; ++i) {
        const auto& field = type.descriptor->fields[i];
        const bool message = field.type == PROTOBUF_C_TYPE_MESSAGE;
        type.fields.emplace(
            field.name,
            Field{&field,
                  message ? add(static_cast<const ProtobufCMessageDescriptor*>(field.descriptor)) : nullptr});
      }
    }
  }
  const Type& root() const { return *root_; }

 private:
  const Type* add(const ProtobufCMessageDescriptor* descriptor) {
    const auto [it, fresh] = types_.try_emplace(descriptor, Type{descriptor, {}});
    if (fresh) waiting_.push_back(&it->second);
    return &it->second;
  }

  std::deque<Type*> waiting_;
  std::unordered_map<const ProtobufCMessageDescriptor*, Type> types_;
  const Type* root_;
};

// Makes the messages of libpg_query's C structures from its JSON.
class MessageParser {
 public:
  MessageParser(std::string_view json, std::pmr::memory_resource& memory)
      : at_(json.data()), end_(json.data() + json.size()), memory_(memory) {}

  void* read_message(const Type& type) {
    auto* out = static_cast<char*>(memory_.allocate(type.descriptor->sizeof_message));
    type.descriptor->message_init(reinterpret_cast<ProtobufCMessage*>(out));
    if (!take('{')) return nullptr;
    if (take('}')) {
      nothing_positive_ |= type.descriptor == &pg_query__integer__descriptor;
      return out;
    }
    do {
      if (!scan_string(key_) || !take(':')) return nullptr;
      const auto field = type.fields.find(std::string_view(key_));
      if (field == type.fields.end() || !read_member(field->second, out)) return nullptr;
    } while (take(','));
    return take('}') ? out : nullptr;
  }

  bool at_end() const { return at_ == end_; }
  bool nothing_positive() const { return nothing_positive_; }  // an Integer without its number

 private:
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool read_member(const Field& field, char* message) {
    const auto& descriptor = *field.descriptor;
    if (descriptor.label == PROTOBUF_C_LABEL_REPEATED) return read_list(field, message);
    if (take_word("null")) return true;
    if (descriptor.flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
      store(message + descriptor.quantifier_offset, descriptor.id);
    return read_value(field, message + descriptor.offset);
  }

  template <class T>
  static void store(char* where, T value) {
    std::memcpy(where, &value, sizeof value);
  }

  // Each where it will stay; the list is made when its length is known.
  bool read_list(const Field& field, char* message) {
    const std::size_t size = size_of(field.descriptor->type);
    if (!size || !take('[')) return false;
    std::vector<char> items;
    std::size_t count = 0;
    if (!take(']')) {
      do {
        items.resize(++count * size);
        alignas(std::max_align_t) char item[sizeof(std::max_align_t)] = {};
        if (!read_value(field, item)) return false;
        std::memcpy(items.data() + (count - 1) * size, item, size);
      } while (take(','));
      if (!take(']')) return false;
    }
    if (count == 0) return true;
    void* kept = memory_.allocate(items.size());
    std::memcpy(kept, items.data(), items.size());
    store(message + field.descriptor->quantifier_offset, count);
    store(message + field.descriptor->offset, kept);
    return true;
  }

  static std::size_t size_of(ProtobufCType type) {
    switch (type) {
      case PROTOBUF_C_TYPE_MESSAGE:
      case PROTOBUF_C_TYPE_STRING: return sizeof(void*);
      case PROTOBUF_C_TYPE_ENUM:
      case PROTOBUF_C_TYPE_INT32:
      case PROTOBUF_C_TYPE_UINT32: return sizeof(std::int32_t);
      case PROTOBUF_C_TYPE_INT64:
      case PROTOBUF_C_TYPE_UINT64: return sizeof(std::int64_t);
      case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
      default: return 0;
    }
  }

  bool read_value(const Field& field, char* where) {
    switch (field.descriptor->type) {
      case PROTOBUF_C_TYPE_MESSAGE: {
        void* made = read_message(*field.type);
        store(where, made);
        return made;
      }
      case PROTOBUF_C_TYPE_STRING: return read_string(where);
      case PROTOBUF_C_TYPE_ENUM:
        return read_enum(*static_cast<const ProtobufCEnumDescriptor*>(field.descriptor->descriptor), where);
      case PROTOBUF_C_TYPE_INT32: return read_number<std::int32_t>(where);
      case PROTOBUF_C_TYPE_UINT32: return read_number<std::uint32_t>(where);
      case PROTOBUF_C_TYPE_INT64: return read_number<std::int64_t>(where);
      case PROTOBUF_C_TYPE_UINT64: return read_number<std::uint64_t>(where);
      case PROTOBUF_C_TYPE_BOOL: {
        const bool yes = take_word("true");
        store(where, static_cast<protobuf_c_boolean>(yes));
        return yes || take_word("false");
      }
      default: return false;
    }
  }

  template <class T>
  bool read_number(char* where) {
    T value{};
    const auto [after, error] = std::from_chars(at_, end_, value);
    if (error != std::errc()) return false;
    at_ = after;
    store(where, value);
    return true;
  }

  bool read_enum(const ProtobufCEnumDescriptor& type, char* where) {
    if (!scan_string(text_)) return false;
    const ProtobufCEnumValue* value = protobuf_c_enum_descriptor_get_value_by_name(&type, text_.c_str());
    if (value) store(where, value->value);
    return value;
  }

  bool read_string(char* where) {
    if (!scan_string(text_)) return false;
    auto* kept = static_cast<char*>(memory_.allocate(text_.size() + 1, 1));
    std::memcpy(kept, text_.c_str(), text_.size() + 1);
    store(where, kept);
    return true;
  }

  bool scan_string(std::string& out) {
    out.clear();
    if (!take('"')) return false;
    for (const char* from = at_; at_ != end_; from = at_) {
      while (at_ != end_ && *at_ != '"' && *at_ != '\\') ++at_;
      out.append(from, at_);
      if (take('"')) return true;
      if (!take('\\') || !scan_escape(out)) return false;
    }
    return false;
  }

  bool scan_escape(std::string& out) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (at_ == end_) return false;
    const char c = *at_++;
    if (const auto i = names.find(c); i != std::string_view::npos) {
      out += meanings[i];
      return true;
    }
    unsigned code = 0;  // control characters, < and >
    if (c != 'u' || end_ - at_ < 4 || std::from_chars(at_, at_ + 4, code, 16).ptr != at_ + 4 || code >= 0x80)
      return false;
    at_ += 4;
    out += static_cast<char>(code);
    return true;
  }

  const char* at_;
  const char* end_;
  std::pmr::memory_resource& memory_;
  bool nothing_positive_ = false;
  std::string key_;
  std::string text_;
};

}  // namespace

// The grammar's own are the bounds of an array without bounds: int[], int ARRAY.
static bool may_be_negative(std::string_view statement) {
  return statement.find_first_of("-[") != std::string_view::npos ||
         lower(statement).find("array") != std::string::npos;
}

PgQuery__ParseResult* read_tree(std::string_view json, std::string_view statement,
                                std::pmr::memory_resource& memory) {
  static const Types types;
  MessageParser parser(json, memory);
  auto* out = static_cast<PgQuery__ParseResult*>(parser.read_message(types.root()));
  if (!parser.at_end() || (parser.nothing_positive() && may_be_negative(statement))) return nullptr;
  return out;
}

}  // namespace pgadvise::sql
