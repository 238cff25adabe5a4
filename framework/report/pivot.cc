#include "pivot.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "maskbench/pipeline/condition.h"
#include "maskbench/stats/interval.h"

namespace maskbench {
namespace {

/// Whether a group's text has a "key" or a "key=value".
bool HasPart(const std::string& group, const std::string& part) {
  const std::string text = ";" + group + ";";
  const bool whole = part.find('=') != std::string::npos;
  return text.find(";" + part + (whole ? ";" : "=")) != std::string::npos;
}

bool Shows(const Json& table, const Figure& figure) {
  const auto has = [&](const Json& part) { return HasPart(figure.group, part); };
  const Json with = table.value("with", Json::array()),
             without = table.value("without", Json::array());
  if (!std::all_of(with.begin(), with.end(), has)) return false;
  if (std::any_of(without.begin(), without.end(), has)) return false;
  const std::string rows = table.value("rows", "all");
  if (rows == "all") return true;
  if ((rows == "overall") != figure.condition.empty()) return false;
  // A handful of people per condition says nothing; their rows stay in figures.csv.
  return rows == "overall" || figure.n >= kMinimumUnits;
}

}  // namespace

std::string ShortNumber(double value) {
  if (std::isnan(value)) return "–";
  const double size = std::abs(value);
  if (size >= 100) return fmt::format("{:.0f}", value);
  if (size >= 10) return fmt::format("{:.1f}", value);
  if (size >= 1 || size == 0) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3f}", value);
}

std::string FigureText(const Figure& figure) {
  std::string text = ShortNumber(figure.value);
  if (!std::isnan(figure.interval.low)) {
    text += fmt::format(" [{}, {}]", ShortNumber(figure.interval.low),
                        ShortNumber(figure.interval.high));
  }
  return text;
}

PivotedTable PivotTable(const std::vector<Figure>& figures, const Json& table) {
  const std::string experiment = table.at("experiment").get<std::string>();
  using Member = std::string Figure::*;
  const std::vector<std::pair<const char*, Member>> all_keys = {
      {"variant", &Figure::variant},   {"condition", &Figure::condition},
      {"reader", &Figure::reader},     {"recogniser", &Figure::recogniser},
      {"attacker", &Figure::attacker}, {"group", &Figure::group}};
  std::vector<const Figure*> chosen;
  std::vector<std::string> columns;
  const std::vector<std::string> metrics = table.at("metrics").get<std::vector<std::string>>();
  for (const std::string& metric : metrics) {
    for (const Figure& figure : figures) {
      if (figure.experiment != experiment || figure.metric != metric) continue;
      if (!Shows(table, figure)) continue;
      chosen.push_back(&figure);
      if (std::isnan(figure.value)) continue;  // A column without any value is not shown.
      const std::string column =
          figure.parameter.empty() ? metric : metric + " " + figure.parameter;
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
        columns.push_back(column);
      }
    }
  }
  if (chosen.empty()) return {};
  // Keys that say nothing here are left out.
  std::vector<std::pair<const char*, Member>> keys;
  for (const auto& key : all_keys) {
    const bool used = std::any_of(chosen.begin(), chosen.end(), [&](const Figure* figure) {
      return !(figure->*key.second).empty();
    });
    if (used) keys.push_back(key);
  }
  std::vector<std::vector<std::string>> row_keys;
  std::map<std::vector<std::string>, std::map<std::string, const Figure*>> cells;
  for (const Figure& figure : figures) {
    if (std::find(chosen.begin(), chosen.end(), &figure) == chosen.end()) continue;
    std::vector<std::string> row;
    for (const auto& key : keys) row.push_back(figure.*key.second);
    if (cells.count(row) == 0) row_keys.push_back(row);
    cells[row][figure.parameter.empty() ? figure.metric : figure.metric + " " + figure.parameter] =
        &figure;
  }
  PivotedTable pivoted;
  for (const auto& key : keys) pivoted.keys.emplace_back(key.first);
  pivoted.columns = columns;
  for (const std::vector<std::string>& key : row_keys) {
    PivotedTable::Row row;
    row.keys = key;
    for (const std::string& column : columns) {
      const auto found = cells[key].find(column);
      row.cells.push_back(found == cells[key].end() ? nullptr : found->second);
      if (row.first == nullptr) row.first = row.cells.back();
    }
    pivoted.rows.push_back(row);
  }
  return pivoted;
}

TextTable ToText(const PivotedTable& table) {
  TextTable text;
  text.header = table.keys;
  text.header.insert(text.header.end(), table.columns.begin(), table.columns.end());
  text.header.insert(text.header.end(), {"n", "failed"});
  for (const PivotedTable::Row& row : table.rows) {
    std::vector<std::string> cells = row.keys;
    for (const Figure* figure : row.cells)
      cells.push_back(figure == nullptr ? "" : FigureText(*figure));
    const Figure* first = row.first;
    cells.push_back(first == nullptr ? "" : fmt::format("{} {}s", first->n, first->n_unit));
    cells.push_back(first == nullptr ? "" : std::to_string(first->n_failed));
    text.rows.push_back(std::move(cells));
  }
  return text;
}

}  // namespace maskbench
