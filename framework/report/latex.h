#pragma once

#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/pipeline/figure.h"

#include "verdict.h"

namespace maskbench {

/// Text that LaTeX sets as it reads: special characters escaped, Greek letters and signs of the
/// report as mathematics, so that the file needs no Unicode font.
std::string LatexEscaped(const std::string& text);

/// A `table` with booktabs rules, or a `longtable` of more rows than fit a page.
/// @param label  letters, digits and dashes of it are kept.
std::string LatexTable(const std::string& caption, const std::string& label,
                       const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows);

/// The verdict, every table of the report and its comparisons with published figures.
/// @param report  report.json.
std::string LatexTables(const Json& report, const std::vector<Figure>& figures,
                        const std::vector<Figure>& timings, const Verdict& verdict);

}  // namespace maskbench
