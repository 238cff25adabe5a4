// A comparison of runs as text, CSV and JSON.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/text.h"
#include "maskbench/report/run_comparison.h"

#include "pivot.h"
#include "text_columns.h"

namespace maskbench {
namespace {

std::string WhoText(const ComparedFigure& row) {
  std::vector<std::string> parts;
  for (const std::string* part :
       {&row.reader, &row.recogniser, &row.attacker, &row.condition, &row.group})
    if (!part->empty()) parts.push_back(*part);
  if (!row.gallery.empty()) parts.push_back("gallery=" + row.gallery);
  return Join(parts, " ");
}

std::string VariantText(const ComparedFigure& row) {
  return row.old_variant == row.new_variant ? row.old_variant
                                            : row.old_variant + " → " + row.new_variant;
}

std::string IntervalText(const Interval& interval) {
  if (std::isnan(interval.low)) return "–";
  return ShortNumber(interval.low) + " to " + ShortNumber(interval.high);
}

const char* VerdictOf(const PairedRow& row) {
  if (row.worse) return "worse";
  if (row.improved) return "better";
  return std::isnan(row.interval.low) ? "too few" : "";
}

const char* BetterText(Better better) {
  if (better == Better::kLower) return "lower";
  return better == Better::kHigher ? "higher" : "";
}

Json NumberOrNull(double value) { return std::isnan(value) ? Json() : Json(value); }

Json HeadJson(const ComparedFigure& row) {
  return {{"experiment", row.experiment},
          {"metric", row.metric},
          {"old_variant", row.old_variant},
          {"new_variant", row.new_variant},
          {"condition", row.condition},
          {"group", row.group},
          {"reader", row.reader},
          {"recogniser", row.recogniser},
          {"attacker", row.attacker},
          {"gallery_variant", row.gallery},
          {"unit", row.unit}};
}

}  // namespace

std::string RunComparisonText(const RunComparison& comparison, bool all) {
  std::string text;
  if (!comparison.paired.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const PairedRow& row : comparison.paired) {
      std::string lost;
      if (row.only_old > 0) lost += fmt::format(", {} only old", row.only_old);
      if (row.only_new > 0) lost += fmt::format(", {} only new", row.only_new);
      rows.push_back({VariantText(row), row.metric, WhoText(row),
                      std::to_string(row.subjects) + lost, ShortNumber(row.old_mean),
                      ShortNumber(row.new_mean), ShortNumber(row.difference),
                      IntervalText(row.interval), PValueText(row.p_value), PValueText(row.p_holm),
                      VerdictOf(row)});
    }
    text += "Subject by subject, mean of new - old:\n" +
            TextColumns({"variant", "metric", "of", "subjects", "old", "new", "difference",
                         "95 % interval", "p", "p (Holm)", ""},
                        rows);
  }
  const auto apart = std::count_if(comparison.unpaired.begin(), comparison.unpaired.end(),
                                   [](const UnpairedRow& row) { return row.intervals == "apart"; });
  if (!comparison.unpaired.empty() && all) {
    std::vector<std::vector<std::string>> rows;
    for (const UnpairedRow& row : comparison.unpaired)
      rows.push_back({VariantText(row), row.metric, WhoText(row),
                      ShortNumber(row.old_value) + " [" + IntervalText(row.old_interval) + "]",
                      ShortNumber(row.new_value) + " [" + IntervalText(row.new_interval) + "]",
                      row.intervals});
    text += "\nNot known of each subject, so compared by intervals alone and never marked:\n" +
            TextColumns({"variant", "metric", "of", "old", "new", "intervals"}, rows);
  } else if (!comparison.unpaired.empty()) {
    text += fmt::format(
        "\n{} other figures are not known of each subject; the intervals of {} lie apart. "
        "--metric, "
        "--csv and --json give them.\n",
        comparison.unpaired.size(), apart);
  }
  for (const std::string& note : comparison.notes) text += "Note: " + note + "\n";
  if (std::any_of(comparison.paired.begin(), comparison.paired.end(),
                  [](const PairedRow& row) { return std::isnan(row.interval.low); }))
    text += fmt::format("Below {} subjects there is no interval, and nothing is marked.\n",
                        kMinimumUnits);
  text += fmt::format("{} of {} became worse.\n", comparison.worse, comparison.paired.size());
  return text;
}

std::string RunComparisonCsv(const RunComparison& comparison) {
  std::string text = CsvLine(
      {"experiment", "metric",     "old_variant", "new_variant",     "condition",  "group",
       "reader",     "recogniser", "attacker",    "gallery_variant", "unit",       "better",
       "paired",     "subjects",   "only_old",    "only_new",        "old",        "old_low",
       "old_high",   "new",        "new_low",     "new_high",        "difference", "low",
       "high",       "zeros",      "p",           "p_holm",          "verdict"});
  const auto head = [](const ComparedFigure& row) {
    return std::vector<std::string>{row.experiment, row.metric,  row.old_variant, row.new_variant,
                                    row.condition,  row.group,   row.reader,      row.recogniser,
                                    row.attacker,   row.gallery, row.unit};
  };
  const auto add = [&](std::vector<std::string> cells, const std::vector<std::string>& more) {
    cells.insert(cells.end(), more.begin(), more.end());
    text += CsvLine(cells);
  };
  for (const PairedRow& row : comparison.paired) {
    add(head(row),
        {BetterText(row.better), "1", std::to_string(row.subjects), std::to_string(row.only_old),
         std::to_string(row.only_new), NumberText(row.old_mean), "", "", NumberText(row.new_mean),
         "", "", NumberText(row.difference), NumberText(row.interval.low),
         NumberText(row.interval.high), std::to_string(row.zeros), NumberText(row.p_value),
         NumberText(row.p_holm), VerdictOf(row)});
  }
  for (const UnpairedRow& row : comparison.unpaired) {
    add(head(row),
        {"", "0", "", "", "", NumberText(row.old_value), NumberText(row.old_interval.low),
         NumberText(row.old_interval.high), NumberText(row.new_value),
         NumberText(row.new_interval.low), NumberText(row.new_interval.high),
         NumberText(row.new_value - row.old_value), "", "", "", "", "", row.intervals});
  }
  return text;
}

Json RunComparisonJson(const RunComparison& comparison) {
  Json paired = Json::array(), unpaired = Json::array();
  for (const PairedRow& row : comparison.paired) {
    Json json = HeadJson(row);
    json.update({{"better", BetterText(row.better)},
                 {"subjects", row.subjects},
                 {"only_old", row.only_old},
                 {"only_new", row.only_new},
                 {"old", row.old_mean},
                 {"new", row.new_mean},
                 {"difference", row.difference},
                 {"low", NumberOrNull(row.interval.low)},
                 {"high", NumberOrNull(row.interval.high)},
                 {"zeros", row.zeros},
                 {"p", row.p_value},
                 {"p_holm", row.p_holm},
                 {"verdict", VerdictOf(row)}});
    paired.push_back(json);
  }
  for (const UnpairedRow& row : comparison.unpaired) {
    Json json = HeadJson(row);
    json.update({{"old", row.old_value},
                 {"old_low", NumberOrNull(row.old_interval.low)},
                 {"old_high", NumberOrNull(row.old_interval.high)},
                 {"new", row.new_value},
                 {"new_low", NumberOrNull(row.new_interval.low)},
                 {"new_high", NumberOrNull(row.new_interval.high)},
                 {"intervals", row.intervals}});
    unpaired.push_back(json);
  }
  return {{"format", "maskbench-comparison"},
          {"format_version", 1},
          {"paired", paired},
          {"unpaired", unpaired},
          {"notes", comparison.notes},
          {"worse", comparison.worse}};
}

}  // namespace maskbench
