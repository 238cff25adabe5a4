#include "maskbench/pipeline/run_config.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/option_path.h"

namespace maskbench {

bool TakesOracleLandmarks(const Components& components, const ComponentChoice& observer) {
  return components.observers.Info(observer.type).takes_landmarks &&
         observer.options.value("landmarks", "") == "oracle";
}

const OptionTable<DatasetChoice>& DatasetChoice::Options() {
  static const auto table =
      OptionTable<DatasetChoice>()
          .Add("manifest", &DatasetChoice::manifest,
               "The data set's manifest, relative to the configuration's folder; empty with "
               "`make`.")
          .Add("make", &DatasetChoice::make,
               "Instead of a manifest: a data set of virtual people that the run draws itself.")
          .Add("recordings", &DatasetChoice::recordings,
               "Ids of the recordings to use; all when empty.")
          .Add("split", &DatasetChoice::split, "Only subjects of this split take part.",
               {OneOf({"train", "tune", "test", "all"})})
          .Check([](const DatasetChoice& choice, const std::string& path, Problems* problems) {
            if (choice.manifest.empty() == choice.make.maker.empty()) {
              problems->Add(path, "needs either \"manifest\" or \"make\" with a \"maker\"");
            }
          });
  return table;
}

const OptionTable<TimingOptions>& TimingOptions::Options() {
  static const auto table =
      OptionTable<TimingOptions>()
          .Add("workers", &TimingOptions::workers,
               "Time every variant with these numbers of workers; none when empty.",
               {Range(1, 256)})
          .Add("repeats", &TimingOptions::repeats, "Timed passes per variant and worker count.",
               {Range(1, 100)})
          .Add("min_frames", &TimingOptions::min_frames,
               "The first recording that the manifest cuts to at least so many frames is timed, "
               "whole; or else the longest.",
               {AtLeast(1)});
  return table;
}

namespace {

void CheckNames(const std::vector<ComponentChoice>& choices, const char* what, Problems* problems) {
  std::set<std::string> names;
  for (const ComponentChoice& choice : choices) {
    if (!names.insert(choice.name).second) {
      problems->Add(what,
                    fmt::format("name \"{}\" twice; give each a \"name\" of its own", choice.name));
    }
  }
}

/// Chosen frames will do for who looks at them one by one, and for methods that can deliver them.
void CheckFrames(const RunConfig& config, const Components& components, Problems* problems) {
  for (const ComponentChoice& observer : config.observers) {
    const bool oracle = TakesOracleLandmarks(components, observer);
    if (oracle && observer.name.find("oracle") == std::string::npos) {
      problems->Add("observers",
                    fmt::format("gives \"{}\" landmarks of the original; its \"name\" must contain "
                                "\"oracle\", so that nobody takes its figures for an outsider's",
                                observer.name));
    }
  }
  if (config.frames == 0) return;
  for (const ComponentChoice& observer : config.observers) {
    if (!components.observers.Info(observer.type).single_frames) {
      problems->Add("frames",
                    fmt::format("must be 0: the observer \"{}\" needs every frame", observer.name));
    }
  }
  for (const ComponentChoice& variant : config.variants) {
    if (!components.maskers.Info(variant.type).single_frames) {
      problems->Add("frames", fmt::format("must be 0: the method of \"{}\" cannot deliver chosen "
                                          "frames alone",
                                          variant.name));
    }
  }
  if (!config.timing.workers.empty())
    problems->Add("frames", "must be 0 where passes are timed: they mask whole recordings");
}

}  // namespace

OptionTable<RunConfig> RunConfigOptions(const Components& components) {
  return OptionTable<RunConfig>()
      .Add("name", &RunConfig::name, "What the run is called in reports.", {Required(), NotEmpty()})
      .Add("notes", &RunConfig::notes, "What it is for.")
      .Add("seed", &RunConfig::seed,
           "Everything random comes from it; also keys the anonymous ids. --seed overrides it.",
           {Range(0, 9007199254740992.0)})
      .Add("dataset", &RunConfig::dataset, "The recordings.", {Required()})
      .Add("fraction", &RunConfig::fraction,
           "Only this share of the subjects takes part, of every condition alike. Who takes part "
           "with a smaller share also does with a larger one, so a run can grow.",
           {Range(0.0001, 1)})
      .Add("perception", &RunConfig::perception, "How faces are found and followed.")
      .Add("delivery", &RunConfig::delivery, "How masked videos are encoded.")
      .Add("frames", &RunConfig::frames,
           "At most so many frames of a recording, evenly spread, are masked, delivered and looked "
           "at; 0: all. For runs in which everybody looks at frames one by one, as recognisers do: "
           "what they do not look at need not be drawn. A mask still measures the whole recording.",
           {Range(0, 1000)})
      .Add("variants", &RunConfig::variants, "Masking methods with their options.",
           {Required(), NotEmpty(), From(&components.maskers)})
      .Add("shares", &RunConfig::shares,
           "Variant name → share of the subjects, of every condition alike, whose recordings are "
           "masked that way; all for those not named.")
      .Add("observers", &RunConfig::observers,
           "What looks at every variant: measures and recognisers.", {From(&components.observers)})
      .Add("experiments", &RunConfig::experiments, "What is computed from the observations.",
           {From(&components.experiments)})
      .Add("timing", &RunConfig::timing, "Timed passes for the throughput experiment.")
      .Add(
          "keep", &RunConfig::keep,
          "Which files stay in the run's folder when no step needs them any more: all, only masked "
          "videos, or none. The report's pictures always find theirs.",
          {OneOf({"all", "masked", "none"})})
      .Add("networks", &RunConfig::networks,
           "Network name → TorchScript file (relative to the configuration's folder) that replaces "
           "it under the same contract.")
      .Check([&components](const RunConfig& config, const std::string&, Problems* problems) {
        CheckNames(config.variants, "variants", problems);
        CheckNames(config.observers, "observers", problems);
        CheckNames(config.experiments, "experiments", problems);
        CheckFrames(config, components, problems);
        for (const auto& item : config.shares.items()) {
          const bool named = std::any_of(
              config.variants.begin(), config.variants.end(),
              [&](const ComponentChoice& variant) { return variant.name == item.key(); });
          if (!named) problems->Add("shares." + item.key(), "no variant has this name");
          if (!item.value().is_number() || item.value() <= 0 || item.value() > 1)
            problems->Add("shares." + item.key(), "must be a number above 0 and up to 1");
        }
        if (!config.shares.empty() && !config.timing.workers.empty())
          problems->Add("shares", "cannot go with timed passes, which need every variant");
        std::vector<std::string> known;
        for (const NetworkSpec& spec : BuiltInNetworks()) known.push_back(spec.contract.name);
        for (const auto& item : config.networks.items()) {
          if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
            problems->Add("networks." + item.key(),
                          fmt::format("is no network; known: {}.{}", Join(known, ", "),
                                      Suggestion(item.key(), known)));
          }
          if (!item.value().is_string()) {
            problems->Add("networks." + item.key(), "must be text: the path of a file");
          }
        }
      });
}

Json& OptionAt(const std::string& path, const std::string& who, Json* config) {
  Json* at = config;
  for (const std::string& part : Split(path, '.')) {
    if (at->is_array()) {
      Json* entry = nullptr;
      const bool index = !part.empty() && part.size() < 9 &&
                         part.find_first_not_of("0123456789") == std::string::npos;
      if (index && std::stoul(part) < at->size()) entry = &(*at)[std::stoul(part)];
      for (Json& item : *at) {
        if (entry != nullptr) break;
        if (item == Json(part)) item = Json{{"type", part}};  // Spell the shorthand out.
        if (item.is_object() && (item.value("name", item.value("type", "")) == part)) entry = &item;
      }
      if (entry == nullptr)
        throw UsageError(fmt::format("{}: the list has no entry \"{}\".", who, part));
      at = entry;
      continue;
    }
    if (at->is_null()) *at = Json::object();
    if (!at->is_object())
      throw UsageError(fmt::format("{}: \"{}\" is inside of what is no object.", who, part));
    at = &(*at)[part];
  }
  return *at;
}

void ApplyOverride(const std::string& assignment, Json* config) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw UsageError(fmt::format("--set {} is not of the form a.b=c.", assignment));
  }
  // Messages leave the value out: it may be a secret.
  const std::string path = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) value = text;
  OptionAt(path, "--set " + path, config) = value;
}

RunConfig ParseRunConfig(const Json& json, const Components& components, const std::string& name) {
  Problems problems;
  // Editors find the schema by this key; it is no option.
  RunConfig config = RunConfigOptions(components).Parse(json, "", &problems, {"$schema"});
  problems.ThrowIfAny(name);
  return config;
}

}  // namespace maskbench
