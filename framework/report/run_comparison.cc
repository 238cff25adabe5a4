#include "maskbench/report/run_comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/run_data.h"
#include "maskbench/pipeline/run_folder.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/holm.h"
#include "maskbench/stats/rank_tests.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

constexpr char kItself[] = "itself";

struct RunSide {
  RunDescription run;
  std::unique_ptr<Store> store;
  std::vector<Figure> figures;
};

RunSide ReadSide(const fs::path& folder, const Components& components) {
  RunSide side;
  side.run = ReadRunDescription(folder, components);
  if (!fs::exists(folder / "report.json"))
    throw DataError(fmt::format("{} holds no report.json; finish the run first.", folder.string()));
  side.figures = FiguresFromJson(ReadJsonFile(folder / "report.json").at("figures"));
  side.store = std::make_unique<Store>(StoreFile(folder));
  return side;
}

std::uint64_t PeopleSeed(const RunDescription& run) { return run.dataset.made.seed.value_or(1); }

/// Throws where the recordings of both are not of the same people or files.
void CheckSameData(const RunDescription& before, const RunDescription& after) {
  const Dataset &a = before.dataset, &b = after.dataset;
  if (a.name != b.name)
    throw DataError(fmt::format(
        "the runs cannot be compared: their data sets are \"{}\" and \"{}\".", a.name, b.name));
  if (a.made.maker != b.made.maker)
    throw DataError(
        fmt::format("the runs cannot be compared: \"{}\" was made in another way.", a.name));
  if (a.made.maker.empty()) return;
  if (PeopleSeed(before) != PeopleSeed(after))
    throw DataError(
        fmt::format("the runs cannot be compared: they show other people (seeds {} and {}).",
                    PeopleSeed(before), PeopleSeed(after)));
  if (a.made.preset != b.made.preset)
    throw DataError(fmt::format("the runs cannot be compared: their presets are \"{}\" and \"{}\".",
                                a.made.preset, b.made.preset));
}

/// Recordings of both, in the old run's order. Throws where the same id is another file.
std::vector<std::string> CommonRecordings(const RunDescription& before,
                                          const RunDescription& after) {
  const std::set<std::string> others(after.plan.recordings.begin(), after.plan.recordings.end());
  std::vector<std::string> common;
  for (const std::string& id : before.plan.recordings) {
    if (others.count(id) == 0) continue;
    const LabelledRecording *a = before.dataset.FindRecording(id),
                            *b = after.dataset.FindRecording(id);
    if (a->sha256 != b->sha256 || a->subject != b->subject)
      throw DataError(fmt::format(
          "the runs cannot be compared: recording \"{}\" is another file or person.", id));
    common.push_back(id);
  }
  if (common.empty())
    throw DataError("the runs cannot be compared: they have no recording in common.");
  return common;
}

/// The plan of some recordings alone, for experiments.
Plan PlanOf(const Plan& plan, const std::vector<std::string>& recordings) {
  const std::set<std::string> wanted(recordings.begin(), recordings.end());
  Plan some;
  some.recordings = recordings;
  for (const Node& node : plan.nodes) {
    if (wanted.count(node.recording) == 0) continue;
    some.nodes.push_back(node);
    some.nodes.back().inputs.clear();  // Indices into the whole plan.
  }
  return some;
}

std::string GalleryOf(const std::string& gallery, const std::string& variant) {
  return gallery == variant && !gallery.empty() ? kItself : gallery;
}

template <class Value>
std::array<std::string, 8> KeyOf(const std::string& experiment, const Value& value) {
  return {experiment,      value.metric,
          value.condition, value.group,
          value.reader,    value.recogniser,
          value.attacker,  GalleryOf(value.gallery_variant, value.variant)};
}

ComparedFigure HeadOf(const std::array<std::string, 8>& key) {
  ComparedFigure head;
  head.experiment = key[0];
  head.metric = key[1];
  head.condition = key[2];
  head.group = key[3];
  head.reader = key[4];
  head.recogniser = key[5];
  head.attacker = key[6];
  head.gallery = key[7];
  return head;
}

bool IsAsked(const RunComparisonOptions& options, const std::string& metric) {
  return options.metrics.empty() ||
         std::find(options.metrics.begin(), options.metrics.end(), metric) != options.metrics.end();
}

/// Which variant of the new run an old one is compared with; nothing for others.
std::optional<std::string> PartnerOf(const RunComparisonOptions& options,
                                     const std::string& variant) {
  if (options.old_variant.empty()) return variant;
  if (variant == options.old_variant) return options.new_variant;
  return std::nullopt;
}

const ComponentChoice* FindChoice(const std::vector<ComponentChoice>& choices,
                                  const std::string& name) {
  const auto found = std::find_if(choices.begin(), choices.end(),
                                  [&](const ComponentChoice& c) { return c.name == name; });
  return found == choices.end() ? nullptr : &*found;
}

void CheckVariants(const RunDescription& before, const RunDescription& after,
                   const RunComparisonOptions& options) {
  if (options.old_variant.empty()) return;
  for (const auto& [run, variant] :
       {std::pair(&before, options.old_variant), std::pair(&after, options.new_variant)}) {
    if (FindChoice(run->config.variants, variant) != nullptr) continue;
    std::vector<std::string> names;
    for (const ComponentChoice& choice : run->config.variants) names.push_back(choice.name);
    throw UsageError(fmt::format("--variants: \"{}\" has no variant \"{}\".{}", run->config.name,
                                 variant, Suggestion(variant, names)));
  }
}

/// "a: 1 and 2; b: …" of the members that differ.
std::string Differing(const Json& before, const Json& after) {
  std::vector<std::string> parts;
  std::set<std::string> seen;
  for (const Json* side : {&before, &after}) {
    for (const auto& item : side->items()) {
      if (!seen.insert(item.key()).second) continue;
      const Json a = before.value(item.key(), Json()), b = after.value(item.key(), Json());
      if (a != b) parts.push_back(fmt::format("{} {} and {}", item.key(), a.dump(), b.dump()));
    }
  }
  return Join(parts, ", ");
}

void NoteDifference(const std::string& what, const Json& before, const Json& after,
                    std::vector<std::string>* notes) {
  const std::string differing = Differing(before, after);
  if (!differing.empty()) notes->push_back(fmt::format("{}: {}.", what, differing));
}

std::vector<std::string> NotesOf(const RunDescription& before, const RunDescription& after,
                                 const RunComparisonOptions& options, size_t common) {
  std::vector<std::string> notes;
  const size_t a = before.plan.recordings.size(), b = after.plan.recordings.size();
  if (a != common || b != common)
    notes.push_back(
        fmt::format("Recordings differ: {} of the old run's {} and the new run's {} are in both; "
                    "only these are compared.",
                    common, a, b));
  if (before.config.seed != after.config.seed)
    notes.push_back(
        fmt::format("The runs' seeds differ ({} and {}): attackers learn from other "
                    "people.",
                    before.config.seed, after.config.seed));
  if (before.dataset.version != after.dataset.version)
    notes.push_back(fmt::format("The data set's versions differ: {} and {}.",
                                before.dataset.version, after.dataset.version));
  NoteDifference("Recordings are made differently",
                 DatasetRecipe::Options().ToJson(before.dataset.made),
                 DatasetRecipe::Options().ToJson(after.dataset.made), &notes);
  // Versions of everything that worked on the recordings.
  std::map<std::string, std::set<int>> old_versions, new_versions;
  for (const auto& [run, versions] :
       {std::pair(&before, &old_versions), std::pair(&after, &new_versions)})
    for (const Node& node : run->plan.nodes)
      (*versions)[fmt::format("{} {}", ToString(node.stage), node.component)].insert(node.version);
  for (const auto& [component, versions] : old_versions) {
    const auto found = new_versions.find(component);
    if (found != new_versions.end() && found->second != versions)
      notes.push_back(fmt::format("Versions of {} differ: {} and {}.", component, *versions.begin(),
                                  *found->second.begin()));
  }
  const Json old_facts = before.environment, new_facts = after.environment;
  for (const char* fact : {"maskbench", "processor", "compiler", "libtorch", "blas"}) {
    if (old_facts.contains(fact) && new_facts.contains(fact) && old_facts[fact] != new_facts[fact])
      notes.push_back(fmt::format("Environments differ in {}: {} and {}.", fact,
                                  old_facts[fact].dump(), new_facts[fact].dump()));
  }
  NoteDifference("Networks differ", old_facts.value("weights", Json::object()),
                 new_facts.value("weights", Json::object()), &notes);
  NoteDifference("Delivery differs", DeliveryOptions::Options().ToJson(before.config.delivery),
                 DeliveryOptions::Options().ToJson(after.config.delivery), &notes);
  NoteDifference("Perception differs",
                 FaceTrackerOptions::Options().ToJson(before.config.perception),
                 FaceTrackerOptions::Options().ToJson(after.config.perception), &notes);
  if (before.config.frames != after.config.frames)
    notes.push_back(
        fmt::format("frames differ: {} and {}.", before.config.frames, after.config.frames));
  const auto compare = [&](const std::string& kind, const ComponentChoice& first,
                           const ComponentChoice* second) {
    if (second == nullptr) return;
    if (first.type != second->type)
      notes.push_back(fmt::format("{} {}: {} and {}.", kind, first.name, first.type, second->type));
    else
      NoteDifference(
          kind + " " + first.name + (first.name == second->name ? "" : " and " + second->name),
          first.options, second->options, &notes);
  };
  for (const ComponentChoice& choice : before.config.variants)
    if (const auto partner = PartnerOf(options, choice.name))
      compare("Variant", choice, FindChoice(after.config.variants, *partner));
  for (const ComponentChoice& choice : before.config.observers)
    compare("Observer", choice, FindChoice(after.config.observers, choice.name));
  for (const ComponentChoice& choice : before.config.experiments)
    compare("Experiment", choice, FindChoice(after.config.experiments, choice.name));
  return notes;
}

}  // namespace

std::vector<PairedRow> ComparePairedValues(const std::vector<SubjectPairs>& all,
                                           const RunComparisonOptions& options) {
  std::vector<PairedRow> rows;
  std::vector<double> p_values;
  for (const SubjectPairs& pairs : all) {
    PairedRow row;
    static_cast<ComparedFigure&>(row) = pairs.head;
    row.better = pairs.better;
    const std::map<std::string, double> after(pairs.after.begin(), pairs.after.end());
    std::vector<double> differences;
    for (const auto& [subject, value] : pairs.before) {
      const auto found = after.find(subject);
      if (found == after.end()) continue;
      differences.push_back(found->second - value);
      row.old_mean += value;
      row.new_mean += found->second;
    }
    row.subjects = static_cast<int>(differences.size());
    row.only_old = static_cast<int>(pairs.before.size()) - row.subjects;
    row.only_new = static_cast<int>(pairs.after.size()) - row.subjects;
    if (differences.empty()) continue;
    row.old_mean /= row.subjects;
    row.new_mean /= row.subjects;
    const auto mean = [&](const std::vector<double>& weights) {
      double sum = 0, total = 0;
      for (size_t i = 0; i < differences.size(); ++i) {
        sum += weights[i] * differences[i];
        total += weights[i];
      }
      return sum / total;
    };
    row.difference = mean(std::vector<double>(differences.size(), 1.0));
    if (row.subjects >= kMinimumUnits) {
      const std::string identity =
          Join({row.experiment, row.metric, row.condition, row.group, row.reader, row.recogniser,
                row.attacker, row.gallery, row.old_variant, row.new_variant},
               "|");
      row.interval = SubjectBootstrap(row.subjects, options.resamples,
                                      NamedRandom(1, identity, "comparison bootstrap"), mean);
    }
    const SignedRankTest test = WilcoxonSignedRank(differences);
    row.p_value = test.p_value;
    row.zeros = test.zeros;
    p_values.push_back(row.p_value);
    rows.push_back(std::move(row));
  }
  const std::vector<double> adjusted = HolmAdjust(p_values);
  for (size_t i = 0; i < rows.size(); ++i) {
    PairedRow& row = rows[i];
    row.p_holm = adjusted[i];
    if (std::isnan(row.interval.low) || row.p_holm > options.alpha) continue;
    const bool more = row.interval.low > options.margin, less = row.interval.high < -options.margin;
    row.worse = (row.better == Better::kLower && more) || (row.better == Better::kHigher && less);
    row.improved =
        (row.better == Better::kLower && less) || (row.better == Better::kHigher && more);
  }
  return rows;
}

RunComparison CompareRuns(const fs::path& before, const fs::path& after,
                          const Components& components, const RunComparisonOptions& options) {
  RunSide old_side = ReadSide(before, components), new_side = ReadSide(after, components);
  CheckVariants(old_side.run, new_side.run, options);
  CheckSameData(old_side.run, new_side.run);
  const std::vector<std::string> common = CommonRecordings(old_side.run, new_side.run);
  RunComparison result;
  result.notes = NotesOf(old_side.run, new_side.run, options, common.size());

  using Key = std::array<std::string, 8>;
  // By key and the old side's variant.
  std::vector<std::pair<Key, std::string>> order;
  std::map<std::pair<Key, std::string>, SubjectPairs> pairs;
  std::set<std::pair<std::string, std::string>> known;          // Experiments and metrics.
  std::map<std::pair<Key, std::string>, SubjectPairs*> by_new;  // And the new side's variant.
  for (const bool is_new : {false, true}) {
    RunSide& side = is_new ? new_side : old_side;
    const RunData data(side.run.config, side.run.dataset, PlanOf(side.run.plan, common),
                       side.store.get(), is_new ? after : before);
    for (const ComponentChoice& choice : side.run.config.experiments) {
      const std::unique_ptr<Experiment> experiment = components.experiments.Make(choice, {});
      auto* const source = dynamic_cast<SubjectValueSource*>(experiment.get());
      if (source == nullptr) continue;
      for (const SubjectValue& value : source->SubjectValues(data)) {
        if (!IsAsked(options, value.metric)) continue;
        const Key key = KeyOf(choice.name, value);
        if (is_new) {
          const auto found = by_new.find({key, value.variant});
          if (found != by_new.end()) found->second->after.emplace_back(value.subject, value.value);
          continue;
        }
        const std::optional<std::string> partner = PartnerOf(options, value.variant);
        if (!partner) continue;
        const auto [found, fresh] = pairs.emplace(std::pair(key, value.variant), SubjectPairs());
        SubjectPairs& entry = found->second;
        if (fresh) {
          order.push_back(found->first);
          entry.head = HeadOf(key);
          entry.head.old_variant = value.variant;
          entry.head.new_variant = *partner;
          entry.head.unit = value.unit;
          entry.better = value.better;
          by_new[{key, *partner}] = &entry;
        }
        entry.before.emplace_back(value.subject, value.value);
      }
    }
  }
  std::vector<SubjectPairs> all;
  for (const auto& place : order) all.push_back(std::move(pairs[place]));
  result.paired = ComparePairedValues(all, options);
  for (const PairedRow& row : result.paired) {
    result.worse += row.worse ? 1 : 0;
    known.insert({row.experiment, row.metric});
  }

  std::map<std::pair<Key, std::string>, const Figure*> figures;
  const auto figure_key = [](const Figure& figure) {
    Key key = KeyOf(figure.experiment, figure);
    key[1] += figure.parameter.empty() ? "" : " " + figure.parameter;
    return key;
  };
  for (const Figure& figure : new_side.figures)
    figures[{figure_key(figure), figure.variant}] = &figure;
  for (const Figure& figure : old_side.figures) {
    if (!IsAsked(options, figure.metric) || known.count({figure.experiment, figure.metric}) > 0)
      continue;
    const std::optional<std::string> partner = PartnerOf(options, figure.variant);
    if (!partner) continue;
    const auto found = figures.find({figure_key(figure), *partner});
    if (found == figures.end() || std::isnan(figure.value) || std::isnan(found->second->value))
      continue;
    UnpairedRow row;
    static_cast<ComparedFigure&>(row) = HeadOf(figure_key(figure));
    row.old_variant = figure.variant;
    row.new_variant = *partner;
    row.unit = figure.unit;
    row.old_value = figure.value;
    row.new_value = found->second->value;
    row.old_interval = figure.interval;
    row.new_interval = found->second->interval;
    if (!std::isnan(row.old_interval.low) && !std::isnan(row.new_interval.low)) {
      const bool apart = row.old_interval.high < row.new_interval.low ||
                         row.new_interval.high < row.old_interval.low;
      row.intervals = apart ? "apart" : "overlap";
    }
    result.unpaired.push_back(std::move(row));
  }
  if (result.paired.empty() && result.unpaired.empty())
    throw DataError(
        options.metrics.empty()
            ? "the runs cannot be compared: no experiment of theirs gives the same figures."
            : fmt::format("both runs have no figure {} in common.", Join(options.metrics, ", ")));
  return result;
}

}  // namespace maskbench
