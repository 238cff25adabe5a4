#include "maskbench/pipeline/sweep.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/option_path.h"

namespace maskbench {
namespace {

constexpr size_t kMostPoints = 1000, kLongestName = 64;

/// Values that are set together.
struct Point {
  std::vector<std::pair<std::string, Json>> values;
  std::string name;  ///< Of points of a list, where they have one.
};

/// What one part of a sweep does to one variant or to the run.
struct Block {
  std::vector<Point> points;
  bool in_list = false, paired = false;
};

std::string LastPart(const std::string& path) { return path.substr(path.rfind('.') + 1); }

/// The path within the variant, or the whole one.
std::string Inside(const std::string& path) {
  const std::vector<std::string> parts = Split(path, '.');
  return parts.size() > 2 && parts[0] == "variants" ? Join({parts.begin() + 2, parts.end()}, ".")
                                                    : path;
}

/// Letters, digits and _ alone.
std::string PlainText(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  for (char& c : text) {
    if (c == '.' && !value.is_string()) c = 'p';
    if (c == '-' && value.is_number()) c = 'm';
    const auto code = static_cast<unsigned char>(c);
    if (code >= 128 || (std::isalnum(code) == 0 && c != '_')) c = '_';
  }
  return text;
}

std::string ValueText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// `keys` may be what different paths end with; then the whole path says it.
std::string NameOf(const Point& point) {
  if (!point.name.empty()) return point.name;
  std::map<std::string, int> ends;
  for (const auto& value : point.values) ++ends[LastPart(value.first)];
  std::vector<std::string> parts;
  for (const auto& [path, value] : point.values) {
    std::string key = LastPart(path);
    if (ends[key] > 1) {
      key = Inside(path);
      std::replace(key.begin(), key.end(), '.', '_');
    }
    parts.push_back(key + "_" + PlainText(value));
  }
  return parts.empty() ? "as_given" : Join(parts, "-");
}

std::string Shortened(const std::string& name) {
  if (name.size() <= kLongestName) return name;
  return name.substr(0, kLongestName - 9) + "-" + Sha256OfBytes(name).substr(0, 8);
}

/// Where a point stands, in its block.
SweepPlace PlaceOf(const Block& block, const Point& point) {
  SweepPlace place;
  for (const auto& [path, value] : point.values) place.values[path] = value;
  bool same_option = !point.values.empty();
  for (const Point& other : block.points) {
    same_option &= other.values.size() == 1 && !point.values.empty() && other.name.empty() &&
                   other.values[0].first == point.values[0].first;
  }
  if (block.in_list && !same_option) {
    place.at = NameOf(point);
    return place;
  }
  place.axis = Inside(point.values[0].first);
  place.at = point.values[0].second;
  std::vector<std::string> rest;
  for (size_t i = 1; i < point.values.size() && !block.paired; ++i)
    rest.push_back(LastPart(point.values[i].first) + " = " + ValueText(point.values[i].second));
  place.rest = Join(rest, ", ");
  return place;
}

class Expander {
 public:
  Expander(const Json& config, const std::string& file) : config_(config), file_(file) {}

  std::vector<SweptRun> Expand() {
    const SweepOptions sweep = SweepOptions::Options().Parse(config_["sweep"], "sweep", &problems_);
    config_.erase("sweep");
    problems_.ThrowIfAny(file_);
    if (sweep.grid.empty() && sweep.paired.empty() && sweep.list.empty())
      problems_.Add("sweep", "needs \"grid\", \"paired\" or \"list\" with something in it");
    AddGrid(sweep.grid);
    AddPaired(sweep.paired);
    AddList(sweep.list);
    problems_.ThrowIfAny(file_);
    const std::vector<SweptVariant> variants = ReplaceVariants();
    problems_.ThrowIfAny(file_);
    std::vector<SweptRun> runs = Runs();
    problems_.ThrowIfAny(file_);
    for (SweptRun& run : runs) {
      run.variants = variants;
      run.show = sweep.show;
    }
    return runs;
  }

 private:
  static constexpr int kRun = -1, kNone = -2;

  /// Which variant a path belongs to, by index; kRun for others; kNone after a problem.
  int ScopeOf(const std::string& path, const std::string& where) {
    const std::vector<std::string> parts = Split(path, '.');
    if (path.empty() || std::any_of(parts.begin(), parts.end(),
                                    [](const std::string& part) { return part.empty(); })) {
      problems_.Add(where, fmt::format("has \"{}\", which is no path of the form a.b", path));
      return kNone;
    }
    for (const char* not_swept : {"sweep", "base", "name", "notes", "$schema"}) {
      if (parts[0] != not_swept) continue;
      problems_.Add(where, fmt::format("has \"{}\", which cannot be swept", path));
      return kNone;
    }
    // Values stand in names and in sweep.json, where no secret may.
    if (parts.back() == "secret") {
      problems_.Add(where, fmt::format("has \"{}\": a secret cannot be swept; write a variant for "
                                       "each",
                                       path));
      return kNone;
    }
    if (parts[0] != "variants") return kRun;
    if (parts.size() < 3) {
      problems_.Add(where, fmt::format("has \"{}\", which is no option of a variant "
                                       "(variants.NAME.OPTION)",
                                       path));
      return kNone;
    }
    const Json variants = config_.value("variants", Json::array());
    std::vector<std::string> names;
    for (size_t i = 0; variants.is_array() && i < variants.size(); ++i) {
      const Json& variant = variants[i];
      const Json name =
          variant.is_object() ? variant.value("name", variant.value("type", Json())) : variant;
      if (name == Json(parts[1]) || std::to_string(i) == parts[1]) return static_cast<int>(i);
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
    problems_.Add(where, fmt::format("has \"{}\", but no variant is called \"{}\".{}", path,
                                     parts[1], Suggestion(parts[1], names)));
    return kNone;
  }

  /// Adds what one part of the sweep does; a variant is swept by one part alone.
  void AddBlock(int scope, Block block, const std::string& where) {
    if (scope == kNone) return;
    if (block.points.size() > kMostPoints) {
      problems_.Add(where, fmt::format("makes {} points; at most {} are allowed",
                                       block.points.size(), kMostPoints));
      return;
    }
    std::vector<Block>& blocks = blocks_[scope];
    if (scope != kRun && !blocks.empty()) {
      problems_.Add(where,
                    "sweeps a variant that another part of the sweep has already; put its "
                    "options into one part");
      return;
    }
    blocks.push_back(std::move(block));
  }

  bool IsListOfValues(const Json& values, const std::string& where) {
    if (values.is_array() && !values.empty()) return true;
    problems_.Add(where, values.is_array() ? "must not be empty"
                                           : "must be a list of values, not " +
                                                 option_internal::JsonTypeName(values));
    return false;
  }

  void AddGrid(const Json& grid) {
    std::vector<int> order;
    std::map<int, Block> blocks;
    for (const auto& item : grid.items()) {
      const std::string where = "sweep.grid." + item.key();
      const int scope = ScopeOf(item.key(), "sweep.grid");
      if (!IsListOfValues(item.value(), where) || scope == kNone) continue;
      Block& block = blocks[scope];
      if (block.points.empty()) {
        block.points.emplace_back();
        order.push_back(scope);
      }
      if (block.points.size() * item.value().size() > kMostPoints) {
        problems_.Add(where, fmt::format("makes {} points; at most {} are allowed",
                                         block.points.size() * item.value().size(), kMostPoints));
        return;
      }
      std::vector<Point> points;
      for (const Point& point : block.points) {
        for (const Json& value : item.value()) {
          points.push_back(point);
          points.back().values.emplace_back(item.key(), value);
        }
      }
      block.points = std::move(points);
    }
    for (const int scope : order) AddBlock(scope, std::move(blocks[scope]), "sweep.grid");
  }

  void AddPaired(const Json& paired) {
    Block block;
    block.paired = true;
    int common = kNone;
    bool first = true;
    for (const auto& item : paired.items()) {
      const std::string where = "sweep.paired." + item.key();
      const int scope = ScopeOf(item.key(), "sweep.paired");
      if (!IsListOfValues(item.value(), where) || scope == kNone) return;
      if (first) {
        common = scope;
        block.points.resize(item.value().size());
      } else if (scope != common) {
        problems_.Add("sweep.paired",
                      "mixes options of different variants, or of a variant and "
                      "the run; pair those of one");
        return;
      } else if (item.value().size() != block.points.size()) {
        problems_.Add(where, fmt::format("has {} values, the first list {}; pairs need as many",
                                         item.value().size(), block.points.size()));
        return;
      }
      first = false;
      for (size_t i = 0; i < block.points.size(); ++i)
        block.points[i].values.emplace_back(item.key(), item.value()[i]);
    }
    if (!block.points.empty()) AddBlock(common, std::move(block), "sweep.paired");
  }

  void AddList(const std::vector<Json>& list) {
    Block block;
    block.in_list = true;
    int common = kNone;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string where = fmt::format("sweep.list[{}]", i);
      Point point;
      for (const auto& item : list[i].items()) {
        if (item.key() == "name") {
          option_internal::ReadString(item.value(), where + ".name", {}, &point.name, &problems_);
          if (point.name.empty() || PlainText(Json(point.name)) != point.name)
            problems_.Add(where + ".name", "may have letters, digits and _ alone");
          continue;
        }
        const int scope = ScopeOf(item.key(), where);
        if (scope == kNone) return;
        if (common == kNone) common = scope;
        if (scope != common) {
          problems_.Add(where,
                        "is of another variant than the points before, or of the run; a list "
                        "sweeps one");
          return;
        }
        point.values.emplace_back(item.key(), item.value());
      }
      block.points.push_back(std::move(point));
    }
    if (list.empty()) return;
    if (common == kNone) {
      problems_.Add("sweep.list", "has no point that changes anything");
      return;
    }
    AddBlock(common, std::move(block), "sweep.list");
  }

  /// Puts the versions of swept variants in their place.
  std::vector<SweptVariant> ReplaceVariants() {
    std::vector<SweptVariant> made;
    if (!config_.contains("variants") || !config_["variants"].is_array()) return made;
    Json variants = Json::array();
    for (size_t i = 0; i < config_["variants"].size(); ++i) {
      const Json& given = config_["variants"][i];
      const auto found = blocks_.find(static_cast<int>(i));
      if (found == blocks_.end()) {
        variants.push_back(given);
        continue;
      }
      const Json whole = given.is_string() ? Json{{"type", given}} : given;
      const Json from =
          whole.is_object() ? whole.value("name", whole.value("type", Json())) : Json();
      if (!from.is_string()) {
        problems_.Add(fmt::format("variants[{}]", i), "has neither a \"type\" nor a \"name\"");
        continue;
      }
      const Block& block = found->second.front();
      std::set<std::string> names;
      for (const Point& point : block.points) {
        SweptVariant variant;
        variant.from = from.get<std::string>();
        variant.name = Shortened(variant.from + "-" + NameOf(point));
        variant.place = PlaceOf(block, point);
        if (!names.insert(variant.name).second) {
          problems_.Add("sweep", fmt::format("makes two variants \"{}\"; give the points of a list "
                                             "names of their own",
                                             variant.name));
          continue;
        }
        Json holder = {{"variant", whole}};
        for (const auto& [path, value] : point.values)
          OptionAt("variant." + Inside(path), fmt::format("{}: sweep: {}", file_, path), &holder) =
              value;
        holder["variant"]["name"] = variant.name;
        variants.push_back(holder["variant"]);
        made.push_back(std::move(variant));
      }
    }
    config_["variants"] = variants;
    return made;
  }

  std::vector<SweptRun> Runs() {
    std::vector<SweptRun> runs(1);
    const auto found = blocks_.find(kRun);
    if (found == blocks_.end()) {
      runs[0].config = config_;
      return runs;
    }
    for (const Block& block : found->second) {
      std::vector<SweptRun> more;
      for (const SweptRun& run : runs) {
        for (const Point& point : block.points) {
          SweptRun next = run;
          next.name += (next.name.empty() ? "" : "-") + NameOf(point);
          const SweepPlace place = PlaceOf(block, point);
          for (const auto& item : place.values.items())
            next.place.values[item.key()] = item.value();
          if (&block == &found->second.front()) {
            next.place = place;
          } else {
            const std::string text = place.axis.empty()
                                         ? ValueText(place.at)
                                         : LastPart(place.axis) + " = " + ValueText(place.at);
            next.place.rest += (next.place.rest.empty() ? "" : ", ") + text;
            if (!place.rest.empty()) next.place.rest += ", " + place.rest;
          }
          more.push_back(std::move(next));
        }
      }
      runs = std::move(more);
      if (runs.size() > kMostPoints) {
        problems_.Add("sweep", fmt::format("makes {} runs; at most {} are allowed", runs.size(),
                                           kMostPoints));
        return {};
      }
    }
    std::set<std::string> names;
    for (SweptRun& run : runs) {
      run.name = Shortened(run.name);
      if (!names.insert(run.name).second)
        problems_.Add("sweep", fmt::format("makes two runs \"{}\"; give the points of a list names "
                                           "of their own",
                                           run.name));
      run.config = config_;
      for (const auto& item : run.place.values.items())
        OptionAt(item.key(), fmt::format("{}: sweep: {}", file_, item.key()), &run.config) =
            item.value();
      if (run.config.contains("name") && run.config["name"].is_string())
        run.config["name"] = run.config["name"].get<std::string>() + " " + run.name;
    }
    return runs;
  }

  Json config_;
  std::string file_;
  Problems problems_;
  std::map<int, std::vector<Block>> blocks_;  ///< By scope.
};

}  // namespace

const OptionTable<SweepOptions>& SweepOptions::Options() {
  static const auto table =
      OptionTable<SweepOptions>()
          .Add("grid", &SweepOptions::grid,
               "Path (as for --set) → list of values; every combination. Options of a variant "
               "(variants.NAME.OPTION) make further variants, others further runs.")
          .Add("paired", &SweepOptions::paired,
               "Path → list of values, as many each: the first ones together, the second ones, ….")
          .Add("list", &SweepOptions::list,
               "Points one by one, each path → value, and perhaps a \"name\"; {} is the "
               "configuration as it is.")
          .Add("show", &SweepOptions::show,
               "Metrics for the sweep's table and picture, METRIC or METRIC@GROUP as in "
               "figures.csv; the first of each experiment when empty.");
  return table;
}

std::vector<SweptRun> ExpandSweep(const Json& config, const std::string& file) {
  if (config.is_object() && config.contains("sweep")) return Expander(config, file).Expand();
  std::vector<SweptRun> runs(1);
  runs[0].config = config;
  return runs;
}

Json ToJson(const SweepPlace& place) {
  return {{"values", place.values}, {"axis", place.axis}, {"at", place.at}, {"rest", place.rest}};
}

SweepPlace SweepPlaceFromJson(const Json& json) {
  SweepPlace place;
  place.values = json.value("values", Json::object());
  place.axis = json.value("axis", "");
  place.at = json.value("at", Json());
  place.rest = json.value("rest", "");
  return place;
}

}  // namespace maskbench
