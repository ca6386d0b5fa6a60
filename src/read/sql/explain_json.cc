#include "sql/explain_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::sql {
namespace {

// JSON's grammar of numbers, without exponents, which EXPLAIN doesn't write.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto whole = std::min(text.find('.'), text.size());
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.size() <= 18 && std::ranges::all_of(part, is_digit);
  };
  const auto integer = text.substr(0, whole);
  if (!digits(integer) || (integer.size() > 1 && integer[0] == '0')) return false;
  return whole == text.size() || digits(text.substr(whole + 1));
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (c == '\n') out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<int>(c));
    else out += c;
  }
  return out + '"';
}

class Yaml {
 public:
  ExplainJson read(std::string_view text) {
    std::size_t number = 0;
    for (const auto line : split(text, '\n')) {
      ++number;
      const auto bare = trim(line);
      const auto column = line.find_first_not_of(' ');
      if (!bare.empty() && !levels_.empty() && column < levels_.front().column) break;
      if (!bare.empty() && !read_line(column, bare)) {
        if (!outside_) return tl::unexpected(number);
        break;
      }
      out_ += '\n';
    }
    if (levels_.empty()) return tl::unexpected(number);
    settle(0);
    while (!levels_.empty()) close();
    return std::move(out_);
  }

 private:
  struct Level {
    std::size_t column;
    bool list;
    bool any = false;
  };

  // False: the line is not understood.
  bool read_line(std::size_t column, std::string_view text) {
    settle(column);
    const bool item = text.starts_with("- ");
    if (levels_.empty() || waiting_) {
      if (levels_.size() >= deepest_explain) return false;
      waiting_ = false;
      open(column, item);
    }
    while (levels_.size() > 1 && levels_.back().column > column) close();
    outside_ = levels_.size() == 1 && levels_.back().list != item;
    if (levels_.size() == 2 && column > levels_.back().column && column + 2 == innermost_)
      levels_.back().column = column;  // the first line alone lost its indentation
    if (levels_.back().column != column || levels_.back().list != item) return false;
    comma();
    if (!item) return member(text);
    const auto behind = std::min(text.find_first_not_of(' ', 1), text.size());
    text.remove_prefix(behind);
    if (text.starts_with('"') || text.starts_with('[')) return value(text);
    open(column + behind, false);
    comma();
    return member(text);
  }

  bool member(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.starts_with('"') ||
        (colon + 1 < text.size() && text[colon + 1] != ' ')) {
      outside_ = levels_.size() == 1;
      out_ += "\"\": null";
      return false;
    }
    out_ += in_quotes(text.substr(0, colon)) + ": ";
    text = trim(text.substr(colon + 1));
    waiting_ = text.empty();
    return waiting_ || value(text);
  }

  bool value(std::string_view text) {
    const bool plain = text.starts_with('"') || text.starts_with('[') || is_number(text) || text == "true" ||
                       text == "false";
    out_ += plain ? std::string(text) : in_quotes(text);
    return true;
  }

  // A member without a value holds what is further in on the next line, or nothing.
  void settle(std::size_t column) {
    if (!waiting_ || column > levels_.back().column) return;
    out_ += "null";
    waiting_ = false;
  }

  void open(std::size_t column, bool list) {
    levels_.push_back({column, list});
    out_ += list ? '[' : '{';
    if (levels_.size() == 3 && innermost_ == 0) innermost_ = column;
  }
  void close() {
    out_ += levels_.back().list ? ']' : '}';
    levels_.pop_back();
  }
  void comma() {
    if (levels_.back().any) out_ += ',';
    levels_.back().any = true;
  }

  std::string out_;
  std::vector<Level> levels_;
  std::size_t innermost_ = 0;  // the column of the first plan's members
  bool waiting_ = false;       // for the value of a member
  bool outside_ = false;       // the line that is not understood stands behind the plan
};

class Xml {
 public:
  explicit Xml(std::string_view text) : text_(text) {}

  ExplainJson read() {
    at_ = std::min(text_.find("<explain"), text_.size());
    do {
      const bool closing = at_ + 1 < text_.size() && text_[at_ + 1] == '/';
      if (!(closing ? close() : open())) {
        const auto before = text_.substr(0, at_);
        return tl::unexpected(1 + static_cast<std::size_t>(std::ranges::count(before, '\n')));
      }
    } while (!levels_.empty());
    return std::move(out_);
  }

 private:
  struct Level {
    std::string_view name;
    bool list;
    bool any = false;
  };

  // At "<": the name of the tag, behind whose ">" reading goes on. "" when there is none.
  std::string_view tag() {
    const auto end = text_.find('>', at_);
    if (at_ >= text_.size() || text_[at_] != '<' || end == std::string_view::npos) return {};
    auto name = text_.substr(at_ + 1, end - at_ - 1);
    if (name.starts_with('/')) name.remove_prefix(1);
    name = name.substr(0, name.find_first_of(" \n\t/"));
    at_ = end + 1;
    return name;
  }

  std::string_view next_name() const {
    const auto end = text_.find_first_of(" \n\t/>", at_ + 1);
    return at_ < text_.size() && end != std::string_view::npos ? text_.substr(at_ + 1, end - at_ - 1)
                                                               : std::string_view{};
  }

  // False, here and below: not understood.
  bool open() {
    if (levels_.size() >= deepest_explain) return false;
    const auto name = tag();
    if (name.empty()) return false;
    if (!levels_.empty()) {
      if (levels_.back().any) out_ += ",\n";
      levels_.back().any = true;
      if (!levels_.back().list) out_ += in_quotes(member_name(name)) + ": ";
    }
    if (text_[at_ - 2] == '/') {
      out_ += "null";
      return !levels_.empty() && skip();
    }
    const auto begin = at_;
    at_ = std::min(text_.find('<', at_), text_.size());
    const auto content = text_.substr(begin, at_ - begin);
    if (at_ + 1 < text_.size() && text_[at_ + 1] == '/') {
      const auto closing = tag();
      if (closing != name) return false;
      out_ += content.find_first_not_of(" \n\t\r") == std::string_view::npos && contains(content, "\n")
                  ? "null"
                  : scalar(name, content);
      return !levels_.empty() && skip();
    }
    if (at_ >= text_.size()) return false;
    if (!trim(content).empty()) return false;
    const auto child = next_name();
    const bool list = child == "Item" || (name == "explain" && child == "Query") ||
                      (name.size() == child.size() + 1 && name.starts_with(child) && name.ends_with('s'));
    levels_.push_back({name, list});
    out_ += list ? '[' : '{';
    return true;
  }

  bool close() {
    const auto name = tag();
    if (levels_.empty() || name != levels_.back().name) return false;
    out_ += levels_.back().list ? ']' : '}';
    levels_.pop_back();
    return levels_.empty() || skip();
  }

  // To the next tag.
  bool skip() {
    const auto next = std::min(text_.find('<', at_), text_.size());
    if (next == text_.size()) return false;
    if (!trim(text_.substr(at_, next - at_)).empty()) return false;
    at_ = next;
    return true;
  }

  // A tag has "-" in place of what XML's names don't have.
  static std::string member_name(std::string_view tag) {
    std::string out = replace_all(std::string(tag), "-", " ");
    for (const auto& [from, to] : {std::pair("One Time ", "One-Time "),
                                   {"Full sort ", "Full-sort "},
                                   {"Pre sorted ", "Pre-sorted "},
                                   {"I O ", "I/O "}})
      out = replace_all(std::move(out), from, to);
    return out;
  }

  static std::string scalar(std::string_view name, std::string_view content) {
    static constexpr auto counted =
        word_list("-Cost", "-Rows", "-Width", "-Time", "-Loops", "-Blocks", "-Fetches", "-Planned",
                  "-Launched", "-Used", "-Usage", "-Batches", "-Number", "-Buckets");
    static constexpr auto single =
        word_list("Calls", "Time", "Functions", "Generation", "Inlining", "Optimization", "Total");
    static constexpr auto flags = word_list("-Aware", "-Capable", "-Unique");
    const auto ends = [&](std::string_view end) { return name.ends_with(end); };
    const bool figure = name.starts_with("Rows-Removed-by-") || name == "Emission" ||
                        std::ranges::any_of(counted, ends) || is_one_of(name, single);
    if (figure && is_number(content)) return std::string(content);
    if ((content == "true" || content == "false") && std::ranges::any_of(flags, ends))
      return std::string(content);
    std::string out(content);
    for (const auto& [entity, character] : {std::pair("&lt;", "<"),
                                            {"&gt;", ">"},
                                            {"&quot;", "\""},
                                            {"&apos;", "'"},
                                            {"&#x0d;", "\r"},
                                            {"&amp;", "&"}})
      out = replace_all(std::move(out), entity, character);
    return in_quotes(out);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<Level> levels_;
};

}  // namespace

ExplainJson json_of_yaml(std::string_view yaml) { return Yaml().read(yaml); }

ExplainJson json_of_xml(std::string_view xml) { return Xml(xml).read(); }

}  // namespace pgadvise::sql
