#include "typescript/program.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "base/text/text.h"
#include "typescript/parse.h"

namespace pgadvise::typescript {

using Values = Value::Kind;

namespace {

Result<std::unique_ptr<const Module>> parsed_module(const std::string& path, const std::string& text) {
  TRY(auto syntax, parse(path, text));
  return std::make_unique<const Module>(index_module(std::move(syntax)));
}

std::size_t steps_to_parse(std::string_view text) { return 1 + text.size() / 1024; }

}  // namespace

bool Program::step_at(const Node& node, std::size_t count) {
  if (step(count)) return true;
  if (node && unfollowed_.insert(node.syntax()->file()).second && unfollowed_.size() == 1)
    first_unfollowed_ = node.location();
  return false;
}

bool Program::step_in(const std::string& file, std::size_t count) {
  if (step(count)) return true;
  if (unfollowed_.insert(file).second && unfollowed_.size() == 1) first_unfollowed_ = {file, 0, 0};
  return false;
}

void Program::report_unfollowed() {
  if (!exhausted() || reported_) return;
  reported_ = true;
  constexpr std::size_t max_named = 3;
  std::vector<std::string> others;
  for (const auto& file : unfollowed_)
    if (file != first_unfollowed_.file && others.size() <= max_named) others.push_back(file);
  const bool more = others.size() > max_named;
  if (more) others.resize(max_named);
  const std::string limit = budget().late() ? fmt::format("{} seconds", StepBudget::most_time.count())
                                            : fmt::format("{} steps", budget().most());
  std::string what = "following the code takes more than " + limit + ": the rest is not read";
  if (!others.empty()) what += ", and parts of " + join(others, ", ");
  if (more) what += fmt::format(" and {} more files", unfollowed_.size() - 1 - max_named);
  tree_.diagnostics().push_back({Error::Kind::nonfatal, first_unfollowed_.str(),
                                 what + "; tables and queries there are missing or incomplete",
                                 "exclude what is generated, or check parts of the repository"});
}

const Module* Program::module(const std::string& path) {
  const auto [entry, is_new] = modules_.try_emplace(path);
  if (!is_new) return entry->second.get();
  const auto provided = provided_.find(path);
  auto ahead = ahead_.extract(path);
  const std::string* text = ahead                         ? nullptr
                            : provided == provided_.end() ? tree_.text(path)
                                                          : &provided->second;
  if (!text && !ahead) return nullptr;
  if (text && provided == provided_.end() && !step_in(path, steps_to_parse(*text))) return nullptr;
  auto found = ahead ? std::move(ahead.mapped()) : parsed_module(path, *text);
  if (!found) {
    tree_.diagnostics().push_back(found.error());
    return nullptr;
  }
  if (provided == provided_.end()) parsed_.insert(path);
  entry->second = std::move(*found);
  return entry->second.get();
}

void Program::parse_ahead(const std::vector<std::string>& paths) {
  constexpr std::size_t portion = std::size_t{16} << 20;  // bytes between two looks at the time
  std::vector<ParseJob> jobs;
  std::size_t bytes = 0;
  for (const auto& path : paths) {
    if (modules_.count(path) || ahead_.count(path) || provided_.count(path)) continue;
    const std::string* text = tree_.text(path);
    if (!text || !step_in(path, steps_to_parse(*text))) continue;
    jobs.push_back({&path, text});
    bytes += text->size();
    if (bytes >= portion) {
      parse_at_once(jobs);
      bytes = 0;
    }
  }
  parse_at_once(jobs);
}

void Program::parse_at_once(std::vector<ParseJob>& jobs) {
  constexpr std::size_t max_threads = 8, few = 8;  // files that are not worth a thread
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t at = next++; at < jobs.size(); at = next++)
      jobs[at].module.emplace(parsed_module(*jobs[at].path, *jobs[at].text));
  };
  const std::size_t threads = std::min(
      {max_threads, jobs.size() / few, static_cast<std::size_t>(std::thread::hardware_concurrency())});
  {
    std::vector<std::jthread> others;
    for (std::size_t at = 1; at < threads; ++at) others.emplace_back(work);
    work();
  }
  for (auto& job : jobs) ahead_.emplace(*job.path, std::move(*job.module));
  jobs.clear();
}

std::set<std::string> Program::parse_exports_ahead(std::vector<std::string> paths) {
  std::set<std::string> seen(paths.begin(), paths.end());
  while (!paths.empty()) {
    parse_ahead(paths);
    std::vector<std::string> named;
    const auto add = [&](const std::string& from, const std::string& specifier) {
      const auto target = resolver_.resolve(from, specifier);
      if (!target.empty() && seen.insert(target).second) named.push_back(target);
    };
    for (const auto& path : paths) {
      const Module* found = module(path);
      if (!found) continue;
      for (const auto& specifier : found->star_exports) add(path, specifier);
      for (const auto& [name, item] : found->exports) {
        if (!item.from.specifier.empty()) add(path, item.from.specifier);
        if (const auto import = found->imports.find(item.local); import != found->imports.end())
          add(path, import->second.specifier);
      }
    }
    paths = std::move(named);
  }
  return seen;
}

void Program::add_exports(const std::string& path, std::set<std::string>& visited, Exports& out) {
  const bool first = visited.empty();
  const Module* found = nested < max_nested && visited.insert(path).second ? module(path) : nullptr;
  if (!found || !step_in(path, found->export_order.size() + found->star_exports.size() + 1)) return;
  const Nested one_more(nested);
  const auto add = [&](const std::string& name) {
    if ((first || name != "default") && out.files.try_emplace(name, path).second) out.names.push_back(name);
  };
  std::ranges::for_each(found->export_order, add);
  if (found->export_assignment)
    if (const ValuePtr value = exported(path, "module.exports"); value->is(Values::object))
      for (const auto& property : value->properties) add(property.key);
  for (const auto& specifier : found->star_exports)
    if (const auto target = resolver_.resolve(path, specifier); !target.empty())
      add_exports(target, visited, out);
}

Program::Exports Program::exports_of(const std::string& path) {
  Exports out;
  std::set<std::string> visited;
  add_exports(path, visited, out);
  return out;
}

std::vector<std::string> Program::exported_names(const std::string& path) { return exports_of(path).names; }

const std::map<std::string, std::string>& Program::origins(const std::string& path) {
  const auto [entry, is_new] = origins_.try_emplace(path);
  if (is_new) entry->second = exports_of(path).files;
  return entry->second;
}

ValuePtr Program::find_export(const std::string& path, const std::string& name) {
  const Module* found = module(path);
  if (!found) return nullptr;
  if (const auto known = found->exports.find(name); known != found->exports.end()) {
    const Export& item = known->second;
    if (!item.from.specifier.empty()) return imported(path, item.from, {});
    if (item.expression) return evaluate(*this, item.expression);
    if (const auto import = found->imports.find(item.local); import != found->imports.end())
      return imported(path, import->second, {});
    return local(path, item.local);
  }
  if (found->export_assignment)
    return name == "module.exports" || name == "default" ? evaluate(*this, found->export_assignment)
                                                         : member(exported(path, "module.exports"), name);
  if (name == "default" || found->star_exports.empty()) return nullptr;
  const auto& known = origins(path);
  const auto origin = known.find(name);
  return origin == known.end() || origin->second == path ? nullptr : exported(origin->second, name);
}

ValuePtr Program::exported(const std::string& path, const std::string& name) {
  if (!step_in(path) || nested >= max_nested)
    return unknown("the exports are too many or too deep to follow");
  const auto [entry, is_new] = exports_.try_emplace({path, name});
  if (!is_new) return entry->second ? entry->second : unknown(name + " depends on itself");
  const Nested one_more(nested);
  ValuePtr value = find_export(path, name);
  return entry->second = value ? value : unknown(path + " does not export " + name);
}

ValuePtr Program::imported(const std::string& from, const Import& import, const Node& node) {
  std::string path = resolver_.resolve(from, import.specifier);
  if (path.empty() && provided_.count(import.specifier))
    if (const Module* known = module(import.specifier); known && known->exports.count(import.name))
      path = import.specifier;
  if (path.empty())
    return make({.kind = Values::external, .text = import.specifier, .name = import.name, .node = node});
  if (import.name == "*") return make({.kind = Values::module_space, .text = path, .node = node});
  return exported(path, import.name);
}

ValuePtr Program::local(const std::string& path, const std::string& name) {
  const Module* found = module(path);
  const auto declared = found ? found->locals.find(name) : std::map<std::string, Node>::const_iterator();
  if (!found || declared == found->locals.end()) return unknown(name + " is not declared");
  const auto [entry, is_new] = locals_.try_emplace({path, name});
  if (!is_new) return entry->second ? entry->second : unknown(name + " depends on itself", declared->second);
  return entry->second = initial_value(*found, name, declared->second);
}

ValuePtr Program::initial_value(const Module& module, const std::string& name, const Node& node) {
  if (module.changed.count(name)) return unknown(name + " changes", node);
  if (!node.is(Kind::variable_declarator)) return evaluate(*this, node);
  const Node pattern = node.child(Field::name), initial = node.child(Field::value);
  if (!initial) return unknown(name + " has no initial value", node);
  if (pattern.is(Kind::identifier)) return evaluate(*this, initial);
  const auto [entry, is_new] = bound_.try_emplace(node);
  if (is_new) entry->second = make_scope(nullptr);
  Scope* const scope = entry->second;
  if (is_new) bind_names(*this, pattern, evaluate(*this, initial), scope);
  const auto bound = scope->variables.find(name);
  return bound == scope->variables.end() ? unknown(name + " is not bound", node) : bound->second;
}

ValuePtr Program::variable(const std::string& file, const std::string& name, const Node& node) {
  if (const Module* found = module(file)) {
    if (found->locals.count(name)) return local(file, name);
    if (const auto import = found->imports.find(name); import != found->imports.end())
      return imported(file, import->second, node);
  }
  if (name == "undefined") return undefined_value(node);
  return make({.kind = Values::external, .text = "", .name = name, .node = node});
}

ValuePtr Program::call(const ValuePtr& function, const std::vector<ValuePtr>& arguments, const Node& node) {
  if (function->is(Values::unknown)) return function;
  if (function->is(Values::function)) return apply_function(*this, *function, arguments);
  if (function->is(Values::member))
    if (auto result = call_builtin(*this, *function, arguments, node)) return *result;
  const bool symbolic = function->is(Values::member) ? function->base->is(Values::external, Values::member,
                                                                          Values::call, Values::tagged)
                                                     : function->is(Values::external, Values::call);
  if (symbolic) return make({.kind = Values::call, .base = function, .items = arguments, .node = node});
  return unknown("what is called is not a function", node);
}

ValuePtr Program::member(const ValuePtr& object, const std::string& name, const Node& node) {
  switch (object->kind) {
    case Values::unknown: return object;
    case Values::object:
      step(object->properties.size() / 16);
      if (const Property* property = object->property(name)) return property->value;
      return object->partial ? unknown(name + " may be a property of what is spread", node)
                             : undefined_value(node);
    case Values::module_space: return exported(object->text, name);
    case Values::external:
      if (object->name == "*" && !object->text.empty())
        return make({.kind = Values::external, .text = object->text, .name = name, .node = node});
      break;
    case Values::array:
      if (name == "length" && !object->partial)
        return number_value(static_cast<double>(object->items.size()), node);
      if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos) {
        const std::size_t index = name.size() < 9 ? std::stoul(name) : object->items.size();
        if (object->partial) return unknown("an element of a list that is not known", node);
        return index < object->items.size() ? object->items[index] : undefined_value(node);
      }
      break;
    case Values::string:
      if (name == "length") return number_value(static_cast<double>(object->text.size()), node);
      break;
    case Values::call:
      if (auto labels = enumeration_member(*object, name, node)) return std::move(*labels);
      break;
    case Values::undefined:
    case Values::null: return unknown("a property of undefined", node);
    default: break;
  }
  return make({.kind = Values::member, .name = name, .base = object, .node = node});
}

}  // namespace pgadvise::typescript
