#include "maskbench/core/option_table.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"

namespace maskbench {

void Problems::Add(const std::string& path, const std::string& message) {
  lines_.push_back(path.empty() ? message : fmt::format("{} {}", path, message));
}

void Problems::ThrowIfAny(const std::string& what) const {
  if (lines_.empty()) return;
  if (lines_.size() == 1) {
    const bool ended = lines_[0].back() == '?' || lines_[0].back() == '.';
    throw UsageError(fmt::format("{}: {}{}", what, lines_[0], ended ? "" : "."));
  }
  throw UsageError(
      fmt::format("{} has {} problems:\n  - {}", what, lines_.size(), Join(lines_, "\n  - ")));
}

std::string OptionRule::Text() const {
  if (!one_of.empty()) return "one of " + Join(one_of, ", ");
  const bool low = std::isfinite(minimum), high = std::isfinite(maximum);
  if (low && high) return fmt::format("{} to {}", NumberText(minimum), NumberText(maximum));
  if (low) return fmt::format("at least {}", NumberText(minimum));
  if (high) return fmt::format("at most {}", NumberText(maximum));
  return not_empty ? "not empty" : "";
}

RuleSetter Range(double minimum, double maximum) {
  return [=](OptionRule* rule) {
    rule->minimum = minimum;
    rule->maximum = maximum;
  };
}
RuleSetter AtLeast(double minimum) {
  return [=](OptionRule* rule) { rule->minimum = minimum; };
}
RuleSetter OneOf(std::vector<std::string> values) {
  return [values = std::move(values)](OptionRule* rule) { rule->one_of = values; };
}
RuleSetter Required() {
  return [](OptionRule* rule) { rule->required = true; };
}
RuleSetter NotEmpty() {
  return [](OptionRule* rule) { rule->not_empty = true; };
}
RuleSetter From(const ComponentCatalog* catalog) {
  return [=](OptionRule* rule) { rule->catalog = catalog; };
}

namespace option_internal {

std::string JsonTypeName(const Json& json) {
  if (json.is_null()) return "null";
  if (json.is_boolean()) return json.get<bool>() ? "true" : "false";
  if (json.is_number()) return "the number " + json.dump();
  if (json.is_string()) return "the text " + json.dump();
  return json.is_array() ? "a list" : "an object";
}

std::string MemberPath(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void AddUnknownKey(const std::string& path, const std::string& key,
                   const std::vector<std::string>& known, Problems* problems) {
  if (std::find(known.begin(), known.end(), key) != known.end()) return;
  problems->Add(MemberPath(path, key), "is not a known option." + Suggestion(key, known));
}

void WrongType(const std::string& path, const std::string& expected, const Json& got,
               Problems* problems) {
  problems->Add(path, fmt::format("must be {}, not {}", expected, JsonTypeName(got)));
}

void CheckSize(size_t size, const std::string& path, const OptionRule& rule, Problems* problems) {
  if (rule.not_empty && size == 0) problems->Add(path, "must not be empty");
}

bool ReadNumber(const Json& json, const std::string& path, const OptionRule& rule, bool whole,
                double* value, Problems* problems) {
  const bool number = whole ? json.is_number_integer() : json.is_number();
  if (!number) {
    WrongType(path, whole ? "a whole number" : "a number", json, problems);
    return false;
  }
  *value = json.get<double>();
  if (!(*value >= rule.minimum && *value <= rule.maximum)) {
    problems->Add(path, fmt::format("is {}; allowed: {}", json.dump(), rule.Text()));
    return false;
  }
  return true;
}

bool ReadString(const Json& json, const std::string& path, const OptionRule& rule,
                std::string* value, Problems* problems) {
  if (!json.is_string()) {
    WrongType(path, "text", json, problems);
    return false;
  }
  *value = json.get<std::string>();
  if (!rule.one_of.empty() &&
      std::find(rule.one_of.begin(), rule.one_of.end(), *value) == rule.one_of.end()) {
    problems->Add(path, fmt::format("is \"{}\"; allowed: {}.{}", *value, rule.Text(),
                                    Suggestion(*value, rule.one_of)));
    return false;
  }
  if (rule.not_empty && value->empty()) {
    problems->Add(path, "must not be empty");
    return false;
  }
  return true;
}

namespace {

/// Names become file names, cells and command-line paths.
bool IsPlainName(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (std::isalnum(c) != 0 && c < 128) || c == '_' || c == '-';
         });
}

}  // namespace

bool ReadComponent(const Json& json, const std::string& path, const OptionRule& rule,
                   ComponentChoice* value, Problems* problems) {
  const std::vector<std::string> types = rule.catalog->Types();
  if (json.is_string()) {  // Shorthand for a component with default options.
    return ReadComponent(Json{{"type", json}}, path, rule, value, problems);
  }
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string()) {
    problems->Add(path, fmt::format("must name a {} as text, or be an object with a \"type\"",
                                    rule.catalog->Kind()));
    return false;
  }
  value->type = json["type"].get<std::string>();
  if (std::find(types.begin(), types.end(), value->type) == types.end()) {
    problems->Add(
        MemberPath(path, "type"),
        fmt::format("is \"{}\", which is no {}; known: {}.{}", value->type, rule.catalog->Kind(),
                    Join(types, ", "), Suggestion(value->type, types)));
    return false;
  }
  value->name = value->type;
  const size_t before = problems->lines().size();
  if (json.contains("name")) {
    ReadString(json["name"], MemberPath(path, "name"), {}, &value->name, problems);
    if (!IsPlainName(value->name)) {
      problems->Add(
          MemberPath(path, "name"),
          fmt::format("is \"{}\"; letters, digits, _ and - are allowed, at most 64", value->name));
    }
  }
  Json options = json;
  options.erase("type");
  options.erase("name");
  value->options = rule.catalog->Complete(value->type, options, path, problems);
  return problems->lines().size() == before;
}

Json WriteComponent(const ComponentChoice& value) {
  Json json = {{"type", value.type}, {"name", value.name}};
  for (const auto& item : value.options.items()) json[item.key()] = item.value();
  return json;
}

Json NumberSchema(const OptionRule& rule, const char* type) {
  Json schema = {{"type", type}};
  if (std::isfinite(rule.minimum)) schema["minimum"] = rule.minimum;
  if (std::isfinite(rule.maximum)) schema["maximum"] = rule.maximum;
  return schema;
}

Json StringSchema(const OptionRule& rule) {
  Json schema = {{"type", "string"}};
  if (!rule.one_of.empty()) schema["enum"] = rule.one_of;
  if (rule.not_empty) schema["minLength"] = 1;
  return schema;
}

}  // namespace option_internal
}  // namespace maskbench
