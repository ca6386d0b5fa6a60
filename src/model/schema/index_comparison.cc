#include "model/schema/index_comparison.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text/text.h"

namespace pgadvise {
namespace {

// Whether the keys of `narrow` are the leading keys of `wide`, in forward or backward order.
bool leads(const Index& narrow, const Index& wide) {
  if (narrow.keys.size() > wide.keys.size() || narrow.keys.empty()) return false;
  const auto end = narrow.keys.end();
  if (std::equal(narrow.keys.begin(), end, wide.keys.begin())) return true;
  return std::equal(narrow.keys.begin(), end, wide.keys.begin(),
                    [](const IndexKey& a, const IndexKey& b) { return a == mirrored(b); });
}

}  // namespace

IndexKey mirrored(IndexKey key) {
  key.descending = !key.descending;
  key.nulls_first = !key.nulls_first;
  return key;
}

bool has_column(const std::vector<IndexKey>& keys, const std::string& column) {
  return std::ranges::any_of(keys, [&](const IndexKey& key) { return key.column == column; });
}

bool same_predicate(const Index& a, const Index& b) {
  if (a.predicate.has_value() != b.predicate.has_value()) return false;
  if (!a.predicate || *a.predicate == *b.predicate) return true;
  const auto plain = [](const std::string& predicate) {
    std::string_view text = trim(predicate);
    while (text.size() > 2 && text.front() == '(' && text.back() == ')' && text.find(')') == text.size() - 1)
      text = trim(text.substr(1, text.size() - 2));
    return std::string(text);
  };
  return plain(*a.predicate) == plain(*b.predicate);
}

bool same_index(const Index& a, const Index& b) {
  return a.method == b.method && a.keys == b.keys && a.include == b.include && same_predicate(a, b);
}

bool serves_instead(const Index& wide, const Index& narrow) {
  const bool btree = wide.method == "btree";
  return wide.valid && wide.method == narrow.method &&
         (btree ? leads(narrow, wide) : !narrow.keys.empty() && narrow.keys == wide.keys) &&
         same_predicate(narrow, wide) && std::ranges::all_of(narrow.include, [&](const std::string& column) {
           return has_column(wide.keys, column) || is_one_of(column, wide.include);
         });
}

}  // namespace pgadvise
