#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "maskbench/core/json.h"

namespace maskbench {

/// Text as HTML shows it, in content and in quoted attributes.
std::string HtmlEscaped(const std::string& text);

/// JSON that can stand in a script element: no "<", ">" or "&", so that nothing in it ends the
/// element or becomes markup.
std::string ScriptJson(const Json& value);

/// A script's text for a script element: "</script" and "<!--" in it are escaped, which changes
/// no string or regular expression.
std::string InlineScript(std::string_view script);

/// A page with its data, scripts and style in it.
/// @param page  with marks for them; one of html_files.h, as its scripts are.
/// @param title  of the window; escaped here.
/// @param data  what the scripts draw; see docs/report.md.
/// @param assets_dir  where scripts/fetch_assets.sh put the charts' library. Without it the page
///   has everything else, and says that charts are missing.
/// @param notice  gets one sentence when it is missing.
std::string HtmlPage(std::string_view page, const std::vector<std::string_view>& scripts,
                     const std::string& title, const Json& data,
                     const std::filesystem::path& assets_dir, std::string* notice);

/// The report: no reference to a resource leaves the file.
std::string HtmlReport(const std::string& title, const Json& data,
                       const std::filesystem::path& assets_dir, std::string* notice);

}  // namespace maskbench
