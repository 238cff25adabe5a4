#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/option_table.h"

namespace maskbench {

/// What a person and the pipeline need to know of a component besides its options.
struct ComponentInfo {
  /// snake_case; stands in configurations, figures and file names.
  std::string type;
  /// Raised whenever the component's output changes for the same input; part of every cache key.
  int version = 1;
  /// One line for lists.
  std::string summary;
  /// Networks whose weights shape the output; their hashes join the cache key.
  std::vector<std::string> networks = {};
  /// Masking methods alone: an oracle, which is given the truth of virtual recordings.
  bool needs_truth = false;
  /// Masking methods alone: is told which recordings are of the same person (MaskJob::patient).
  bool needs_patient = false;
  /// Masking methods: can deliver chosen frames of a recording (MaskJob::frames). Observers: looks
  /// at frames one by one, so that some of a recording's will do.
  bool single_frames = false;
  /// Observers alone: has an option `landmarks`. Where that is "oracle" the observer is an oracle:
  /// frames in which no face was found come with the face that was found in the original.
  bool takes_landmarks = false;
  /// Masking methods alone: the reconstruction that a variant with these complete options starts
  /// from, which variants with equal ones share; nothing for variants without.
  std::function<std::optional<ComponentChoice>(const Json& options)> reconstruction = nullptr;
};

/// The components of one kind. Registration is explicit: each component has a function
/// `RegisterX(Registry*)`, named on one line of its kind's register_all.cc.
///
/// `Interface` must define `struct Context`: what components of the kind may use.
template <class Interface>
class Registry : public ComponentCatalog {
 public:
  using Context = typename Interface::Context;

  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  /// `make` gets options that have been validated.
  template <class Options>
  void Add(const ComponentInfo& info,
           std::function<std::unique_ptr<Interface>(const Options&, const Context&)> make) {
    Entry entry;
    entry.docs = Options::Options().Docs();
    entry.schema = Options::Options().Schema();
    entry.complete = [](const Json& json, const std::string& path, Problems* problems) {
      return Options::Options().ToJson(Options::Options().Parse(json, path, problems));
    };
    entry.make = [make = std::move(make)](const Json& json, const Context& context) {
      Problems problems;
      const Options options = Options::Options().Parse(json, "", &problems);
      problems.ThrowIfAny("options");
      return make(options, context);
    };
    const std::string type = info.type;
    entry.info = info;
    if (!entries_.emplace(type, std::move(entry)).second) {
      throw Error(fmt::format("the {} \"{}\" is registered twice.", kind_, type));
    }
  }

  std::string Kind() const override { return kind_; }
  std::vector<std::string> Types() const override {
    std::vector<std::string> types;
    for (const auto& [type, entry] : entries_) types.push_back(type);
    return types;
  }
  Json Complete(const std::string& type, const Json& options, const std::string& path,
                Problems* problems) const override {
    return Find(type).complete(options, path, problems);
  }
  Json Schema() const override {
    Json choices = Json::array();
    for (const auto& [type, entry] : entries_) {
      Json schema = entry.schema;
      schema["properties"]["type"] = {{"const", type}, {"description", entry.info.summary}};
      schema["properties"]["name"] = {{"type", "string"}};
      Json required = Json::array({"type"});
      if (schema.contains("required")) {
        for (const Json& name : schema["required"]) required.push_back(name);
      }
      schema["required"] = required;
      choices.push_back(schema);
    }
    return {{"anyOf", Json::array({{{"enum", Types()}}, {{"oneOf", choices}}})}};
  }

  const ComponentInfo& Info(const std::string& type) const { return Find(type).info; }
  const std::vector<OptionDoc>& Docs(const std::string& type) const { return Find(type).docs; }

  std::unique_ptr<Interface> Make(const ComponentChoice& choice, const Context& context) const {
    return Find(choice.type).make(choice.options, context);
  }

 private:
  struct Entry {
    ComponentInfo info;
    std::vector<OptionDoc> docs;
    Json schema;
    std::function<Json(const Json&, const std::string&, Problems*)> complete;
    std::function<std::unique_ptr<Interface>(const Json&, const Context&)> make;
  };

  const Entry& Find(const std::string& type) const {
    const auto found = entries_.find(type);
    if (found == entries_.end()) {
      throw UsageError(fmt::format("\"{}\" is no {}.", type, kind_));
    }
    return found->second;
  }

  std::string kind_;
  std::map<std::string, Entry> entries_;
};

}  // namespace maskbench
