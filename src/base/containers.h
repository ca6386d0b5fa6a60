// Searches in containers that yield a pointer, and the end of one vector added to another.
#pragma once

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

namespace pgadvise {

// The first element for which `is` holds; nullptr: none. Valid as long as the element is.
template <class Range, class Is>
auto* find_first(Range& range, Is is) {
  const auto found = std::ranges::find_if(range, std::move(is));
  return found == std::end(range) ? nullptr : &*found;
}

// The value of a key of a map; nullptr: the map lacks the key. Valid as long as the value is.
template <class Map, class Key>
auto* find_value(Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

// Adds copies of the elements of `from` to a vector or a set; of a temporary, the elements themselves.
template <class Container, class Range>
void append(Container& to, Range&& from) {
  const auto add = [&](auto begin, auto end) {
    if constexpr (requires { typename Container::key_type; }) to.insert(begin, end);
    else to.insert(to.end(), begin, end);
  };
  if constexpr (std::is_lvalue_reference_v<Range>) add(std::begin(from), std::end(from));
  else add(std::make_move_iterator(std::begin(from)), std::make_move_iterator(std::end(from)));
}

}  // namespace pgadvise
