#include "log/record/time.h"

#include <cstring>
#include <utility>

#include "base/text/text.h"
#include "log/lines/bytes.h"

namespace pgadvise::log {
namespace {

int two(const char* at) {
  return is_digit(at[0]) && is_digit(at[1]) ? (at[0] - '0') * 10 + (at[1] - '0') : -1;
}

// Days from 1970-01-01 of the proleptic Gregorian calendar.
std::int64_t days(int year, int month, int day) {
  year -= month <= 2;
  const int era = year / 400;
  const int of_era = year - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return std::int64_t{era} * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

// ".123": microseconds, and how many bytes.
inline std::int64_t take_fraction(std::string_view text, std::size_t& length) {
  if (length >= text.size() || text[length] != '.') return -1;
  const char* const in = text.data() + length + 1;
  if (length + 4 < text.size() && is_digit(in[0]) && is_digit(in[1]) && is_digit(in[2]) &&
      !is_digit(in[3])) {  // as the server has it
    length += 4;
    return ((in[0] - '0') * 100 + (in[1] - '0') * 10 + (in[2] - '0')) * 1000;
  }
  std::int64_t value = 0;
  std::int64_t unit = 100000;
  std::size_t at = length + 1;
  for (; at < text.size() && is_digit(text[at]); ++at, unit /= 10) value += unit * (text[at] - '0');
  if (at == length + 1) return -1;
  length = at;
  return value;
}

// Abbreviations that mean one thing, or nearly always do; CST, IST, BST and others are taken as local.
std::int64_t hours_east(std::string_view zone) {
  static constexpr std::pair<std::string_view, int> known[] = {
      {"EST", -5}, {"EDT", -4},  {"CDT", -5},  {"MST", -7},  {"MDT", -6}, {"PST", -8},
      {"PDT", -7}, {"AKST", -9}, {"AKDT", -8}, {"HST", -10}, {"WEST", 1}, {"CET", 1},
      {"CEST", 2}, {"EET", 2},   {"EEST", 3},  {"MSK", 3},   {"SAST", 2}, {"JST", 9},
      {"KST", 9},  {"AEST", 10}, {"AEDT", 11}, {"NZST", 12}, {"NZDT", 13}};
  if (zone == "UTC" || zone.size() > 4) return 0;
  for (const auto& [name, hours] : known)
    if (name == zone) return hours;
  return 0;
}

// " UTC", " +0530": seconds east of Greenwich, as far as known.
std::int64_t take_zone(std::string_view text, std::size_t& length) {
  std::size_t at = length;
  if (at + 1 >= text.size() || text[at] != ' ') return 0;
  const char first = text[++at];
  const std::size_t start = at;
  if (first == '+' || first == '-') {
    ++at;
    while (at < text.size() && at < start + 7 && is_digit(text[at])) ++at;
    const std::string_view digits = text.substr(start + 1, at - start - 1);
    if (digits.size() < 2 || digits.size() % 2) return 0;
    std::int64_t seconds = two(digits.data()) * 3600;
    if (digits.size() >= 4) seconds += two(digits.data() + 2) * 60;
    length = at;
    return first == '-' ? -seconds : seconds;
  }
  while (at < text.size() && at < start + 10 && (text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z') ++at;
  if (at - start < 2) return 0;
  length = at;
  return hours_east(text.substr(start, at - start)) * 3600;
}

// Into `out` itself: a copy would wait for its stores.
inline void with_fraction_and_zone(std::string_view text, std::int64_t time, bool zone, Stamp& out) {
  out.length = 19;
  out.time = time;
  const std::int64_t fraction = take_fraction(text, out.length);
  out.whole_seconds = fraction < 0;
  if (fraction > 0) out.time += fraction;
  if (zone) out.time -= take_zone(text, out.length) * 1000000;
}

}  // namespace

Stamp take_stamp(std::string_view text, bool zone) {
  Stamp out;
  const char* at = text.data();
  if (text.size() < 19 || at[4] != '-' || at[7] != '-' || at[10] != ' ' || at[13] != ':' || at[16] != ':')
    return out;
  const int century = two(at), year = two(at + 2), month = two(at + 5), day = two(at + 8);
  const int hour = two(at + 11), minute = two(at + 14), second = two(at + 17);
  if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return out;
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60) return out;
  with_fraction_and_zone(
      text, (days(century * 100 + year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * 1000000,
      zone, out);
  return out;
}

Stamp StampReader::take(std::string_view text) {
  Stamp out;
  if (text.size() >= 19 && same_bytes(text.data(), minute_, sizeof minute_)) {
    const int second = two(text.data() + 17);
    if (second < 0 || second > 60) return out;
    with_fraction_and_zone(text, time_ + second * std::int64_t{1000000}, false, out);
    if (!zone_.empty() && starts_with(text.substr(out.length), zone_)) {
      out.length += zone_.size() - 1;
      out.time -= east_;
      return out;
    }
    const std::size_t start = out.length;
    east_ = take_zone(text, out.length) * 1000000;
    zone_ = text.substr(start, out.length - start + 1);
    if (out.length == start || out.length == text.size()) zone_.clear();
    out.time -= east_;
    return out;
  }
  out = take_stamp(text, false);
  if (out.length == 0) return out;
  std::memcpy(minute_, text.data(), sizeof minute_);
  time_ = out.time - out.time % 60000000;
  if (out.time % 60000000 < 0) time_ -= 60000000;
  const int second = two(text.data() + 17);
  if (second == 60) time_ -= 60000000;
  with_fraction_and_zone(text, time_ + second * std::int64_t{1000000}, true, out);
  return out;
}

Stamp take_epoch(std::string_view text) {
  Stamp out;
  std::int64_t seconds = 0;
  while (out.length < text.size() && out.length < 12 && is_digit(text[out.length]))
    seconds = seconds * 10 + (text[out.length++] - '0');
  if (out.length < 9) return {};
  const std::int64_t fraction = take_fraction(text, out.length);
  out.whole_seconds = fraction < 0;
  out.time = seconds * 1000000 + (fraction > 0 ? fraction : 0);
  return out;
}

}  // namespace pgadvise::log
