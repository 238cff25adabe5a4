#pragma once

#include <string_view>
#include <vector>

namespace maskbench {

/// Files of framework/report/html, which are part of the program.
std::string_view ReportPage();
std::string_view ViewerPage();
/// Of both pages.
std::string_view ReportStyle();
/// In the order in which they run: report.js first, then a file per chart in the order of the page,
/// then start.js.
const std::vector<std::string_view>& ReportScripts();
const std::vector<std::string_view>& ViewerScripts();

}  // namespace maskbench
