#pragma once

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/stats/interval.h"

namespace maskbench {

/// One number of a result, with all that is needed to read it alone. Figures are one tidy table.
struct Figure {
  std::string experiment, dataset, variant;
  /// Setting of the metric, e.g. "far=0.1".
  std::string parameter;
  std::string condition;
  /// Sorted "key=value;…".
  std::string group;
  std::string reader, recogniser, attacker;
  /// Variant of the gallery, where there is one.
  std::string gallery_variant;
  std::string metric;
  double value = std::numeric_limits<double>::quiet_NaN();
  /// 95 %; left out when fewer than kMinimumUnits units stand behind it.
  Interval interval;
  long long n = 0;
  /// What n counts: subject, recording, frame, comparison …
  std::string n_unit;
  long long n_failed = 0;
  std::string unit;
};

/// Column names in the order of the table.
const std::vector<std::string>& FigureColumns();
std::vector<std::string> FigureCells(const Figure& figure);
std::string FiguresCsv(const std::vector<Figure>& figures);
Json FiguresJson(const std::vector<Figure>& figures);
/// Reads FiguresJson back. Throws DataError.
std::vector<Figure> FiguresFromJson(const Json& json);

/// "key=value;…" with keys sorted.
std::string GroupText(const std::map<std::string, std::string>& group);

}  // namespace maskbench
