#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "maskbench/core/json.h"

namespace maskbench {

/// Everything that is wrong with an input, gathered so that a person sees it all at once.
class Problems {
 public:
  /// @param path  where, e.g. "variants[2].sigma_face".
  void Add(const std::string& path, const std::string& message);
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  /// Throws UsageError with one line per problem, headed by `what`.
  void ThrowIfAny(const std::string& what) const;

 private:
  std::vector<std::string> lines_;
};

/// A component named in a configuration: which one, under what name, with which options.
struct ComponentChoice {
  std::string type;
  /// How results refer to it; the type unless the configuration gives a `name`.
  std::string name;
  /// Complete: defaults are filled in.
  Json options = Json::object();
};

/// What an option table needs to know of the components of one kind.
class ComponentCatalog {
 public:
  virtual ~ComponentCatalog() = default;
  virtual std::string Kind() const = 0;
  virtual std::vector<std::string> Types() const = 0;
  /// Options of one type, with defaults filled in; adds what is wrong to `problems`.
  virtual Json Complete(const std::string& type, const Json& options, const std::string& path,
                        Problems* problems) const = 0;
  virtual Json Schema() const = 0;
};

/// What may be given for one option.
struct OptionRule {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::vector<std::string> one_of;
  bool required = false;
  bool not_empty = false;
  const ComponentCatalog* catalog = nullptr;

  /// "0.001 to 2", "one of a, b", or "".
  std::string Text() const;
};

using RuleSetter = std::function<void(OptionRule*)>;
RuleSetter Range(double minimum, double maximum);
RuleSetter AtLeast(double minimum);
RuleSetter OneOf(std::vector<std::string> values);
RuleSetter Required();
RuleSetter NotEmpty();
RuleSetter From(const ComponentCatalog* catalog);

/// One option as a person or an editor sees it.
struct OptionDoc {
  std::string name;
  std::string type;
  std::string default_text;
  std::string rule_text;
  std::string help;
  bool required = false;
};

/// How a C++ type is read from and written to JSON. Read returns false after adding a problem.
template <class V, class Enable = void>
struct OptionCodec;

template <class T>
class OptionTable;

/// The single description of an options struct: parsing, validation, JSON schema, `--help` and the
/// reference all come from it. `T` gives the defaults by its member initialisers.
template <class T>
class OptionTable {
 public:
  /// @param help  one sentence or more, with the unit.
  template <class V>
  OptionTable& Add(const std::string& name, V T::*member, const std::string& help,
                   const std::vector<RuleSetter>& rules = {}) {
    Option option;
    for (const RuleSetter& set : rules) set(&option.rule);
    const OptionRule rule = option.rule;
    const T& defaults = Defaults();
    option.doc = {name,
                  OptionCodec<V>::TypeName(),
                  rule.required ? "" : OptionCodec<V>::Write(defaults.*member).dump(),
                  rule.Text(),
                  help,
                  rule.required};
    option.read = [member, rule](const Json& json, const std::string& path, T* object,
                                 Problems* problems) {
      OptionCodec<V>::Read(json, path, rule, &(object->*member), problems);
    };
    option.write = [member](const T& object) { return OptionCodec<V>::Write(object.*member); };
    option.schema = OptionCodec<V>::Schema(rule);
    option.schema["description"] = help;
    if (!rule.required) option.schema["default"] = OptionCodec<V>::Write(defaults.*member);
    options_.push_back(std::move(option));
    return *this;
  }

  /// A condition between options. `check` adds to the problems what is wrong.
  OptionTable& Check(std::function<void(const T&, const std::string& path, Problems*)> check) {
    checks_.push_back(std::move(check));
    return *this;
  }

  /// Reads an object. Unknown keys, missing required ones, wrong types and values out of range are
  /// each one problem; the rest of the object is read all the same.
  /// @param ignored  keys that somebody else reads, e.g. "type".
  T Parse(const Json& json, const std::string& path, Problems* problems,
          const std::vector<std::string>& ignored = {}) const;

  Json ToJson(const T& object) const {
    Json json = Json::object();
    for (const Option& option : options_) json[option.doc.name] = option.write(object);
    return json;
  }

  Json Schema() const;

  std::vector<OptionDoc> Docs() const {
    std::vector<OptionDoc> docs;
    for (const Option& option : options_) docs.push_back(option.doc);
    return docs;
  }

 private:
  struct Option {
    OptionDoc doc;
    OptionRule rule;
    std::function<void(const Json&, const std::string&, T*, Problems*)> read;
    std::function<Json(const T&)> write;
    Json schema;
  };
  static const T& Defaults() {
    static const auto* const defaults = new T();
    return *defaults;
  }

  std::vector<Option> options_;
  std::vector<std::function<void(const T&, const std::string&, Problems*)>> checks_;
};

namespace option_internal {

std::string JsonTypeName(const Json& json);
std::string MemberPath(const std::string& path, const std::string& name);
void AddUnknownKey(const std::string& path, const std::string& key,
                   const std::vector<std::string>& known, Problems* problems);
bool ReadNumber(const Json& json, const std::string& path, const OptionRule& rule, bool whole,
                double* value, Problems* problems);
bool ReadString(const Json& json, const std::string& path, const OptionRule& rule,
                std::string* value, Problems* problems);
bool ReadComponent(const Json& json, const std::string& path, const OptionRule& rule,
                   ComponentChoice* value, Problems* problems);
Json WriteComponent(const ComponentChoice& value);
Json NumberSchema(const OptionRule& rule, const char* type);
Json StringSchema(const OptionRule& rule);
void WrongType(const std::string& path, const std::string& expected, const Json& got,
               Problems* problems);
void CheckSize(size_t size, const std::string& path, const OptionRule& rule, Problems* problems);

}  // namespace option_internal

template <class T>
T OptionTable<T>::Parse(const Json& json, const std::string& path, Problems* problems,
                        const std::vector<std::string>& ignored) const {
  T object{};
  if (!json.is_object()) {
    option_internal::WrongType(path, "an object", json, problems);
    return object;
  }
  std::vector<std::string> known = ignored;
  for (const Option& option : options_) known.push_back(option.doc.name);
  for (const auto& item : json.items()) {
    option_internal::AddUnknownKey(path, item.key(), known, problems);
  }
  const size_t problems_before = problems->lines().size();
  for (const Option& option : options_) {
    const std::string member_path = option_internal::MemberPath(path, option.doc.name);
    if (json.contains(option.doc.name)) {
      option.read(json[option.doc.name], member_path, &object, problems);
    } else if (option.rule.required) {
      problems->Add(member_path, "is missing; it is required");
    }
  }
  // Conditions between options make sense only when each is sound by itself.
  if (problems->lines().size() == problems_before) {
    for (const auto& check : checks_) check(object, path, problems);
  }
  return object;
}

template <class T>
Json OptionTable<T>::Schema() const {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Option& option : options_) {
    properties[option.doc.name] = option.schema;
    if (option.rule.required) required.push_back(option.doc.name);
  }
  Json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

template <>
struct OptionCodec<bool> {
  static std::string TypeName() { return "true or false"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule&, bool* value,
                   Problems* problems) {
    if (!json.is_boolean()) {
      option_internal::WrongType(path, TypeName(), json, problems);
      return false;
    }
    *value = json.get<bool>();
    return true;
  }
  static Json Write(bool value) { return value; }
  static Json Schema(const OptionRule&) { return {{"type", "boolean"}}; }
};

template <class V>
struct OptionCodec<V, std::enable_if_t<std::is_arithmetic_v<V> && !std::is_same_v<V, bool>>> {
  static constexpr bool kWhole = std::is_integral_v<V>;
  static std::string TypeName() { return kWhole ? "whole number" : "number"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule, V* value,
                   Problems* problems) {
    double number = 0;
    if (!option_internal::ReadNumber(json, path, rule, kWhole, &number, problems)) return false;
    if (kWhole) {  // What does not fit must not wrap around.
      OptionRule fits;
      fits.minimum = static_cast<double>(std::numeric_limits<V>::lowest());
      fits.maximum = static_cast<double>(std::numeric_limits<V>::max());
      if (!option_internal::ReadNumber(json, path, fits, kWhole, &number, problems)) return false;
    }
    *value = json.get<V>();  // Keeps all digits of 64-bit whole numbers.
    return true;
  }
  static Json Write(V value) { return value; }
  static Json Schema(const OptionRule& rule) {
    return option_internal::NumberSchema(rule, kWhole ? "integer" : "number");
  }
};

template <>
struct OptionCodec<std::string> {
  static std::string TypeName() { return "text"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule,
                   std::string* value, Problems* problems) {
    return option_internal::ReadString(json, path, rule, value, problems);
  }
  static Json Write(const std::string& value) { return value; }
  static Json Schema(const OptionRule& rule) { return option_internal::StringSchema(rule); }
};

template <>
struct OptionCodec<ComponentChoice> {
  static std::string TypeName() { return "component"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule,
                   ComponentChoice* value, Problems* problems) {
    return option_internal::ReadComponent(json, path, rule, value, problems);
  }
  static Json Write(const ComponentChoice& value) { return option_internal::WriteComponent(value); }
  static Json Schema(const OptionRule& rule) { return rule.catalog->Schema(); }
};

template <>
struct OptionCodec<Json> {
  static std::string TypeName() { return "object"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule&, Json* value,
                   Problems* problems) {
    if (!json.is_object()) {
      option_internal::WrongType(path, "an object", json, problems);
      return false;
    }
    *value = json;
    return true;
  }
  static Json Write(const Json& value) { return value.is_null() ? Json::object() : value; }
  static Json Schema(const OptionRule&) { return {{"type", "object"}}; }
};

template <class V>
struct OptionCodec<std::optional<V>> {
  static std::string TypeName() { return OptionCodec<V>::TypeName() + " or null"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule,
                   std::optional<V>* value, Problems* problems) {
    if (json.is_null()) {
      value->reset();
      return true;
    }
    V inner{};
    if (!OptionCodec<V>::Read(json, path, rule, &inner, problems)) return false;
    *value = inner;
    return true;
  }
  static Json Write(const std::optional<V>& value) {
    return value ? OptionCodec<V>::Write(*value) : Json(nullptr);
  }
  static Json Schema(const OptionRule& rule) {
    return {{"anyOf", Json::array({OptionCodec<V>::Schema(rule), {{"type", "null"}}})}};
  }
};

template <class V>
struct OptionCodec<std::vector<V>> {
  static std::string TypeName() { return "list of " + OptionCodec<V>::TypeName(); }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule,
                   std::vector<V>* value, Problems* problems) {
    if (!json.is_array()) {
      option_internal::WrongType(path, "a list", json, problems);
      return false;
    }
    value->clear();
    bool good = true;
    for (size_t i = 0; i < json.size(); ++i) {
      V item{};
      good &= OptionCodec<V>::Read(json[i], path + "[" + std::to_string(i) + "]", rule, &item,
                                   problems);
      value->push_back(std::move(item));
    }
    option_internal::CheckSize(json.size(), path, rule, problems);
    return good;
  }
  static Json Write(const std::vector<V>& value) {
    Json json = Json::array();
    for (const V& item : value) json.push_back(OptionCodec<V>::Write(item));
    return json;
  }
  static Json Schema(const OptionRule& rule) {
    Json schema = {{"type", "array"}, {"items", OptionCodec<V>::Schema(rule)}};
    if (rule.not_empty) schema["minItems"] = 1;
    return schema;
  }
};

/// A struct that has its own table: `static const OptionTable<V>& Options()`.
template <class V>
struct OptionCodec<V, std::void_t<decltype(V::Options())>> {
  static std::string TypeName() { return "object"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule&, V* value,
                   Problems* problems) {
    const size_t before = problems->lines().size();
    *value = V::Options().Parse(json, path, problems);
    return problems->lines().size() == before;
  }
  static Json Write(const V& value) { return V::Options().ToJson(value); }
  static Json Schema(const OptionRule&) { return V::Options().Schema(); }
};

/// For components without options.
struct NoOptions {
  static const OptionTable<NoOptions>& Options() {
    static const OptionTable<NoOptions> table;
    return table;
  }
};

}  // namespace maskbench
