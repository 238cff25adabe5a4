#include "html_report.h"

#include <fmt/format.h>

#include "maskbench/core/files.h"

#include "html_files.h"

namespace maskbench {
namespace {

constexpr const char* kLibraries[] = {"vega/build/vega.min.js", "vega-lite/build/vega-lite.min.js"};
constexpr const char* kLicences[] = {"vega/LICENSE", "vega-lite/LICENSE"};

void ReplaceAll(std::string_view what, std::string_view by, std::string* text) {
  for (size_t at = 0; (at = text->find(what, at)) != std::string::npos; at += by.size())
    text->replace(at, what.size(), by);
}

/// Puts a part where the page has its mark, "<!--NAME-->".
void Insert(const std::string& name, const std::string& part, std::string* page) {
  const std::string mark = "<!--" + name + "-->";
  const size_t at = page->find(mark);
  page->replace(at, mark.size(), part);
}

std::string Script(std::string_view text) {
  return "<script>" + InlineScript(text) + "</script>\n";
}

}  // namespace

std::string HtmlEscaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string ScriptJson(const Json& value) {
  // Bytes that are no UTF-8 become U+FFFD rather than an error.
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  ReplaceAll("<", "\\u003c", &text);
  ReplaceAll(">", "\\u003e", &text);
  ReplaceAll("&", "\\u0026", &text);
  return text;
}

std::string InlineScript(std::string_view script) {
  std::string text(script);
  for (const char* end : {"</script", "</SCRIPT", "</Script"})
    ReplaceAll(end, std::string("<\\/") + (end + 2), &text);
  ReplaceAll("<!--", "<\\!--", &text);
  return text;
}

std::string HtmlPage(std::string_view page_text, const std::vector<std::string_view>& page_scripts,
                     const std::string& title, const Json& data,
                     const std::filesystem::path& assets_dir, std::string* notice) {
  const std::filesystem::path npm = assets_dir / "npm";
  std::string libraries, licences;
  bool complete = true;
  for (const char* file : kLibraries) complete = complete && std::filesystem::exists(npm / file);
  if (complete) {
    for (const char* file : kLibraries) libraries += Script(ReadFile(npm / file));
    for (const char* file : kLicences)
      if (std::filesystem::exists(npm / file)) licences += ReadFile(npm / file) + "\n";
  } else {
    *notice =
        "Charts are left out, since their library is not among the assets; run "
        "scripts/fetch_assets.sh and then `maskbench report` again.";
  }
  Json all = data;
  all["notice"] = *notice;
  all["licences"] = licences;
  std::string scripts;
  for (const std::string_view script : page_scripts) scripts += Script(script);
  // Texts with data come last, so that no mark is looked for in them.
  std::string page(page_text);
  Insert("scripts", scripts, &page);
  Insert("libraries", libraries, &page);
  Insert("style", "<style>\n" + std::string(ReportStyle()) + "</style>", &page);
  const size_t title_at = page.find("<!--title-->");
  Insert("data", "<script type=\"application/json\" id=\"data\">" + ScriptJson(all) + "</script>",
         &page);
  page.replace(title_at, std::string("<!--title-->").size(), HtmlEscaped(title));
  return page;
}

std::string HtmlReport(const std::string& title, const Json& data,
                       const std::filesystem::path& assets_dir, std::string* notice) {
  return HtmlPage(ReportPage(), ReportScripts(), title, data, assets_dir, notice);
}

}  // namespace maskbench
