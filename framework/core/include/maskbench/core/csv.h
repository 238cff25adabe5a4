#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maskbench {

/// A row of a table and the line of the file that it starts at, from 1.
struct CsvRow {
  int line = 0;
  std::vector<std::string> cells;
};

/// Reads CSV as RFC 4180 says, with line feeds, carriage returns or both, with or without a byte
/// order mark. Empty lines are left out. `separator` may be ';' too, as some spreadsheets write.
/// Throws DataError, with the line, for a quote that is not closed or that text follows.
std::vector<CsvRow> ParseCsv(std::string_view text, char separator = ',');

}  // namespace maskbench
