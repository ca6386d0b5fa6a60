#include "log/lines/provenance.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"

namespace pgadvise::log {
namespace {

constexpr std::uint64_t max_hashed = 1 << 14;  // of one section
constexpr std::size_t tail_size = 4096;

std::uint64_t next_end(std::uint64_t end) { return end + std::max<std::uint64_t>(64, end / 8); }

std::uint64_t hashed_from(std::uint64_t start, std::uint64_t end) {
  return std::max(start, end - std::min(end, max_hashed));
}

}  // namespace

void IdentityBuilder::add(std::string_view bytes) {
  if (bytes.size() >= tail_size) tail_ = bytes.substr(bytes.size() - tail_size);
  else if (tail_.append(bytes); tail_.size() > tail_size) tail_.erase(0, tail_.size() - tail_size);
  while (!bytes.empty()) {
    const bool hashed = offset_ >= hashed_from_;
    const std::uint64_t until = hashed ? section_end_ : hashed_from_;
    const auto part =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), until - offset_)));
    if (hashed) hash_ = fnv1a(part, hash_);
    offset_ += part.size();
    bytes.remove_prefix(part.size());
    if (offset_ < section_end_) continue;
    marks_ += fmt::format("{:08x}", static_cast<std::uint32_t>(hash_ ^ hash_ >> 32));
    hash_ = fnv1a({});
    hashed_from_ = hashed_from(section_end_, next_end(section_end_));
    section_end_ = next_end(section_end_);
  }
}

SourceIdentity IdentityBuilder::identity() const {
  if (offset_ == 0) return {};
  return {offset_, marks_, hex64(fnv1a(tail_))};
}

std::uint64_t IdentityBuilder::unread() const { return hashed_from_ > offset_ ? hashed_from_ - offset_ : 0; }

void IdentityBuilder::pass(std::uint64_t bytes) {
  offset_ += bytes;
  tail_.clear();
}

SourceIdentity identify_file(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file || !file->regular()) return {};
  const std::uint64_t size = file->size();
  const std::uint64_t before_tail = size - std::min<std::uint64_t>(size, tail_size);
  IdentityBuilder builder;
  for (std::uint64_t at = 0; at < size;) {
    if (const auto pass = std::min(builder.unread(), before_tail - std::min(before_tail, at)); pass > 0) {
      builder.pass(pass);
      at += pass;
      continue;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, tail_size));
    const std::string bytes = file->read_at(at, wanted);
    if (bytes.size() < wanted) return {};
    builder.add(bytes);
    at += wanted;
  }
  return builder.identity();
}

bool stands_in(const std::string& longer, std::uint64_t offset, const std::string& shorter,
               std::uint64_t size) {
  const auto whole = InputFile::open(longer), part = InputFile::open(shorter);
  if (!whole || !part) return false;
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(size, tail_size));
  const auto bytes = [&](const InputFile& file, std::uint64_t from) {
    std::string out = file.read_at(from, length);
    return out.size() < length ? std::string() : out;
  };
  const auto alike = [&](std::uint64_t from) {
    const std::string own = bytes(*part, from);
    return !own.empty() && own == bytes(*whole, offset + from);
  };
  return alike(0) && alike(size - length);
}

bool holds(const SourceIdentity& longer, const SourceIdentity& shorter) {
  if (!longer.known() || !shorter.known()) return false;
  if (longer.bytes == shorter.bytes) return longer == shorter;
  return longer.bytes > shorter.bytes && !shorter.marks.empty() && longer.marks.starts_with(shorter.marks);
}

bool ends_alike(const SourceIdentity& longer, const SourceIdentity& shorter) {
  return longer.bytes > shorter.bytes && shorter.bytes >= tail_size && !shorter.tail.empty() &&
         longer.tail == shorter.tail;
}

}  // namespace pgadvise::log
