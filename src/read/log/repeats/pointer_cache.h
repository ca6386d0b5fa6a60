// A small cache in front of a map whose entries have stable addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pgadvise::log {

template <class T>
class PointerCache {
 public:
  // nullptr: not known here.
  T* find(std::uint64_t key) const {
    const auto& slot = slots_[slot_of(key)];
    return slot.first == key ? slot.second : nullptr;
  }
  void keep(std::uint64_t key, T* value) { slots_[slot_of(key)] = {key, value}; }
  void clear() { slots_.fill({}); }  // an entry is gone

 private:
  static std::size_t slot_of(std::uint64_t key) { return key * 0x9e3779b97f4a7c15ULL >> 56; }
  std::array<std::pair<std::uint64_t, T*>, 256> slots_{};
};

}  // namespace pgadvise::log
