#include "maskbench/core/csv.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {

std::vector<CsvRow> ParseCsv(std::string_view text, char separator) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  std::vector<CsvRow> rows;
  int line = 1;
  for (size_t i = 0; i < text.size();) {
    CsvRow row;
    row.line = line;
    for (bool more = true; more;) {
      std::string cell;
      if (i < text.size() && text[i] == '"') {
        const int opened = line;
        for (++i;; ++i) {
          if (i >= text.size())
            throw DataError(fmt::format("line {}: a quote is not closed.", opened));
          if (text[i] == '"') {
            if (i + 1 >= text.size() || text[i + 1] != '"') break;
            ++i;
          }
          if (text[i] == '\n') ++line;
          cell += text[i];
        }
        ++i;
        if (i < text.size() && text[i] != separator && text[i] != '\n' && text[i] != '\r')
          throw DataError(fmt::format("line {}: text follows a closing quote.", line));
      } else {
        while (i < text.size() && text[i] != separator && text[i] != '\n' && text[i] != '\r')
          cell += text[i++];
      }
      row.cells.push_back(std::move(cell));
      more = i < text.size() && text[i] == separator;
      if (more) ++i;
    }
    if (i < text.size() && text[i] == '\r') ++i;
    if (i < text.size() && text[i] == '\n') ++i;
    ++line;
    if (row.cells.size() > 1 || !row.cells[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace maskbench
