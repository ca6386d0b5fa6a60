#include "migrations/writing/drizzle_kit.h"

#include <algorithm>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/text.h"

namespace pgadvise::migrations {

static std::string string_after(std::string_view text, std::string_view key) {
  for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    auto from = text.find_first_not_of(" \t\r\n", at + key.size());
    if (from == std::string_view::npos || text[from] != ':') continue;
    from = text.find_first_not_of(" \t\r\n", from + 1);
    if (from == std::string_view::npos || text[from] != '"') continue;
    const auto end = text.find('"', from + 1);
    if (end != std::string_view::npos) return std::string(text.substr(from + 1, end - from - 1));
  }
  return {};
}

static std::vector<std::string> strings_after(std::string_view text, std::string_view key) {
  std::vector<std::string> out;
  const auto at = text.find(key);
  const auto open = at == std::string_view::npos ? at : text.find('[', at);
  const auto close = open == std::string_view::npos ? open : text.find(']', open);
  if (close == std::string_view::npos) return out;
  const auto parts = split(text.substr(open, close - open), '"');
  for (std::size_t i = 1; i < parts.size(); i += 2) out.emplace_back(parts[i]);
  return out;
}

// "id" and "prevId" are strings in front of or behind the tables, and no member of that name inside them is
// one.
std::optional<SnapshotIds> snapshot_ids(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file || !file->regular()) return std::nullopt;
  constexpr std::size_t part = 4096;
  std::string text = file->read_at(0, part);
  if (text.size() == part)
    text += file->read_at(
        std::max<std::uint64_t>(part, file->size() - std::min<std::uint64_t>(file->size(), part)), part);
  SnapshotIds out{string_after(text, "\"id\""), strings_after(text, "\"prevIds\"")};
  if (out.previous.empty())
    if (const auto previous = string_after(text, "\"prevId\""); !previous.empty())
      out.previous.push_back(previous);
  if (out.id.empty()) return std::nullopt;
  return out;
}

bool origin_id(std::string_view id) { return id.find_first_not_of("0-") == std::string_view::npos; }

std::string drizzle_script(const Steps& steps) {
  std::string out = comments(steps);
  for (std::size_t i = 0; i < steps.up.size(); ++i)
    out += (i ? std::string("--> statement-breakpoint\n") : "") + steps.up[i] + ";";
  return out;
}

std::string uuid_of(const std::string& what) {
  std::string hex = sha256_hex(what).substr(0, 32);
  hex[12] = '4';
  hex[16] = "89ab"[(hex[16] >= 'a' ? hex[16] - 'a' + 10 : hex[16] - '0') & 3];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

}  // namespace pgadvise::migrations
