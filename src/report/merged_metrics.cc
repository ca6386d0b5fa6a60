#include "report/merged_metrics.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::report {
namespace {

constexpr std::string_view total = "_total";
constexpr std::string_view last_line = "# EOF\n";

struct Family {
  std::string head;  // HELP and TYPE
  std::string samples;
};

std::string with_label(std::string_view sample, const std::string& label) {
  const auto brace = sample.find('{');
  if (label.empty() || brace == std::string_view::npos) return std::string(sample);
  const auto rest = sample.substr(brace + 1);
  return std::string(sample.substr(0, brace + 1)) + label + (rest.starts_with('}') ? "" : ",") +
         std::string(rest);
}

std::string head_of(const std::string& name, const std::string& head, MetricsFormat format) {
  if (format == MetricsFormat::prometheus || !name.ends_with(total)) return head;
  return replace_all(head, " " + name + " ", " " + name.substr(0, name.size() - total.size()) + " ");
}

}  // namespace

std::string label_value(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string merged_metrics(const std::vector<TargetMetrics>& parts, MetricsFormat format) {
  std::vector<std::string> order;
  std::map<std::string, Family, std::less<>> families;
  for (const auto& part : parts) {
    const std::string label = part.target.empty() ? "" : "target=" + label_value(part.target);
    Family* family = nullptr;
    bool first = false;  // of the texts with this family: its HELP and TYPE stand
    for (const auto line : split(part.text, '\n')) {
      constexpr std::string_view help = "# HELP ";
      if (line.starts_with(help)) {
        std::string name(line.substr(help.size(), line.find(' ', help.size()) - help.size()));
        const auto [at, added] = families.try_emplace(name);
        if (added) order.push_back(std::move(name));
        family = &at->second;
        first = added;
      }
      if (!family || line.empty() || line == "# EOF") continue;
      if (!line.starts_with('#')) family->samples += with_label(line, label) + "\n";
      else if (first) family->head += std::string(line) + "\n";
    }
  }
  std::string out;
  for (const auto& name : order) {
    const Family& family = families.find(name)->second;
    out += head_of(name, family.head, format) + family.samples;
  }
  return out.append(last_line);
}

bool is_complete(std::string_view metrics) { return metrics.ends_with(last_line); }

std::string metric_family(std::string_view name, std::string_view help, std::uint64_t value) {
  return fmt::format("# HELP pgadvise_{0} {1}\n# TYPE pgadvise_{0} {2}\npgadvise_{0}{{}} {3}\n", name, help,
                     name.ends_with(total) ? "counter" : "gauge", value);
}

}  // namespace pgadvise::report
