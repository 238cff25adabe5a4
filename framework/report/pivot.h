#pragma once

#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/pipeline/figure.h"

namespace maskbench {

/// A number as a person reads it: three significant digits, more for large ones; "–" for NaN.
std::string ShortNumber(double value);
/// Value and interval, "0.500 [0.412, 0.588]".
std::string FigureText(const Figure& figure);

/// Figures laid out for people: what identifies a row on the left, one column per metric.
struct PivotedTable {
  struct Row {
    std::vector<std::string> keys;
    /// As many as there are columns; nullptr where there is no figure.
    std::vector<const Figure*> cells;
    /// What n and failed of the row are taken from; nullptr in an empty row.
    const Figure* first = nullptr;
  };

  std::vector<std::string> keys, columns;
  std::vector<Row> rows;

  bool empty() const { return rows.empty(); }
};

/// @param table  an entry of `tables` in report.json.
/// @param figures  outlive what is returned.
PivotedTable PivotTable(const std::vector<Figure>& figures, const Json& table);

/// Header and rows as texts, with n and failed behind.
struct TextTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
TextTable ToText(const PivotedTable& table);

}  // namespace maskbench
