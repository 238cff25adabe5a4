#include "maskbench/pipeline/figure.h"

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"

namespace maskbench {
namespace {

Json NumberOrNull(double value) { return value == value ? Json(value) : Json(nullptr); }

double NumberOrNan(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

struct TextColumn {
  const char* name;
  std::string Figure::*member;
};
// Columns in the table's order, up to the numbers.
constexpr TextColumn kTextColumns[] = {
    {"experiment", &Figure::experiment}, {"dataset", &Figure::dataset},
    {"variant", &Figure::variant},       {"parameter", &Figure::parameter},
    {"condition", &Figure::condition},   {"group", &Figure::group},
    {"reader", &Figure::reader},         {"recogniser", &Figure::recogniser},
    {"attacker", &Figure::attacker},     {"gallery_variant", &Figure::gallery_variant},
    {"metric", &Figure::metric}};

}  // namespace

const std::vector<std::string>& FigureColumns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for (const TextColumn& column : kTextColumns) names.emplace_back(column.name);
    names.insert(names.end(), {"value", "low", "high", "n", "n_unit", "n_failed", "unit"});
    return names;
  }();
  return columns;
}

std::vector<std::string> FigureCells(const Figure& figure) {
  std::vector<std::string> cells;
  for (const TextColumn& column : kTextColumns) cells.push_back(figure.*column.member);
  cells.insert(cells.end(), {NumberText(figure.value), NumberText(figure.interval.low),
                             NumberText(figure.interval.high), std::to_string(figure.n),
                             figure.n_unit, std::to_string(figure.n_failed), figure.unit});
  return cells;
}

std::string FiguresCsv(const std::vector<Figure>& figures) {
  std::string text = CsvLine(FigureColumns());
  for (const Figure& figure : figures) text += CsvLine(FigureCells(figure));
  return text;
}

Json FiguresJson(const std::vector<Figure>& figures) {
  Json rows = Json::array();
  for (const Figure& figure : figures) {
    Json row = Json::object();
    for (const TextColumn& column : kTextColumns) row[column.name] = figure.*column.member;
    row["value"] = NumberOrNull(figure.value);
    row["low"] = NumberOrNull(figure.interval.low);
    row["high"] = NumberOrNull(figure.interval.high);
    row["n"] = figure.n;
    row["n_unit"] = figure.n_unit;
    row["n_failed"] = figure.n_failed;
    row["unit"] = figure.unit;
    rows.push_back(row);
  }
  return rows;
}

std::vector<Figure> FiguresFromJson(const Json& json) {
  std::vector<Figure> figures;
  try {
    for (const Json& row : json) {
      Figure figure;
      for (const TextColumn& column : kTextColumns) {
        figure.*column.member = row.at(column.name).get<std::string>();
      }
      figure.value = NumberOrNan(row.at("value"));
      figure.interval = {NumberOrNan(row.at("low")), NumberOrNan(row.at("high"))};
      figure.n = row.at("n");
      figure.n_unit = row.at("n_unit");
      figure.n_failed = row.at("n_failed");
      figure.unit = row.at("unit");
      figures.push_back(figure);
    }
  } catch (const Json::exception& error) {
    throw DataError(std::string("the figures cannot be read: ") + error.what() + ".");
  }
  return figures;
}

std::string GroupText(const std::map<std::string, std::string>& group) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : group) parts.push_back(key + "=" + value);
  return Join(parts, ";");
}

}  // namespace maskbench
