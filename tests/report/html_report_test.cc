#include "html_report.h"

#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/report/report.h"

#include "data_uri.h"
#include "report_page.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "</script><img src=x onerror=alert(1)>&\"'<!--";

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++count;
  return count;
}

TEST(HtmlReport, TextIsEscaped) {
  EXPECT_EQ(HtmlEscaped(kHostile),
            "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;&lt;!--");
}

TEST(HtmlReport, JsonInAScriptHoldsNoMarkupAndReadsBack) {
  const Json value = {{kHostile, kHostile}};
  const std::string text = ScriptJson(value);
  EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(Json::parse(text), value);
  EXPECT_NO_THROW(Json::parse(ScriptJson("\xff broken")));
}

TEST(HtmlReport, ScriptsCannotEndTheirElement) {
  EXPECT_EQ(InlineScript("a('</script>')"), "a('<\\/script>')");
  EXPECT_EQ(InlineScript("'</SCRIPT' + '<!--'"), "'<\\/SCRIPT' + '<\\!--'");
}

TEST(HtmlReport, HostileNamesDoNotBecomeMarkup) {
  std::string notice;
  const TemporaryFolder nowhere;
  const std::string plain = HtmlReport("t", {{"run", "r"}}, nowhere.path(), &notice);
  const std::string page = HtmlReport(kHostile, {{"run", kHostile}}, nowhere.path(), &notice);
  EXPECT_EQ(Count(page, "<script"), Count(plain, "<script"));
  EXPECT_EQ(Count(page, "</script"), Count(plain, "</script"));
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(page, HasSubstr("<title>&lt;/script&gt;"));
}

TEST(HtmlReport, SaysWhereTheMissingLibraryComesFrom) {
  std::string notice;
  const TemporaryFolder nowhere;
  const std::string page = HtmlReport("t", {{"run", "r"}}, nowhere.path(), &notice);
  EXPECT_THAT(notice, HasSubstr("scripts/fetch_assets.sh"));
  EXPECT_EQ(Count(notice, "."), 2u) << "one sentence: " << notice;
  EXPECT_THAT(page, HasSubstr("scripts/fetch_assets.sh"));
}

TEST(HtmlReport, ReferencesNothingOutsideItself) {
  std::string notice;
  const std::string page = HtmlReport("t", {{"run", "r"}}, MASKBENCH_ASSETS_DIR, &notice);
  EXPECT_EQ(notice, "");
  EXPECT_GT(page.size(), 700000u) << "the library is in it";
  const std::regex elsewhere("<(script|img|link|iframe)[^>]+(src|href)=.(https?:|//|file:)");
  EXPECT_FALSE(std::regex_search(page.substr(0, 5000), elsewhere));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_EQ(page.find("<!--"), std::string::npos) << "no mark is left";
}

TEST(HtmlReport, Base64AsInRfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xfb\xff"), "+/8=");
}

TEST(HtmlReport, FiguresAreColumnsOfWords) {
  std::vector<Figure> figures(3);
  figures[0].variant = figures[2].variant = "a";
  figures[1].variant = "b";
  for (Figure& figure : figures) figure.metric = "auc";
  figures[0].value = 1.0 / 3;
  figures[1].value = 2;
  const Json columns = FigureColumnsJson(figures, true);
  EXPECT_EQ(columns["variant"], Json::parse(R"({"words": ["a", "b"], "at": [0, 1, 0]})"));
  EXPECT_EQ(columns["metric"], Json::parse(R"({"all": "auc"})"));
  EXPECT_EQ(columns["value"].dump(), "[0.333333,2,null]");
  EXPECT_TRUE(columns.contains("dataset"));
  EXPECT_FALSE(FigureColumnsJson(figures, false).contains("dataset"));
}

class ClosedDataset : public testing::Test {
 protected:
  static constexpr const char* kSecrets[] = {"anna_k", "ward7", "clip-of-anna", "hospital-x",
                                             "Stomach Clinic"};

  /// Writes a report of a data set of one person. @return all that people read, in one string.
  std::string Write(bool show_originals) {
    Components components;
    RegisterFrameworkComponents(&components);
    RunDescription run;
    run.config = ParseRunConfig(
        Json::parse(
            R"({"name": "p", "notes": "Of anna_k.", "dataset": {"manifest": "ward7/m.json"}, "variants": ["original"]})"),
        components, "c");
    Json manifest = Json::parse(R"({
      "format": "maskbench-dataset", "format_version": 1, "name": "hospital-x", "version": "1",
      "title": "Stomach Clinic", "kind": "real", "provenance": "", "licence": "",
      "notes": "From hospital-x.", "subjects": [{"id": "anna_k"}],
      "recordings": [{"id": "ward7", "subject": "anna_k", "path": "films/clip-of-anna.mp4"}]})");
    manifest["recordings"][0]["sha256"] = std::string(64, '0');
    manifest["show_originals"] = show_originals;
    run.dataset = ParseManifest(manifest, "m");
    run.plan.recordings = {"ward7"};
    Node node;
    node.stage = Stage::kRender;
    node.key = "k";
    node.recording = "ward7";
    node.anonymous_id = "r123456789abcdef";
    run.plan.nodes = {node};
    run.environment = Json::object();
    ScoredRun scored;
    Figure figure;
    figure.experiment = "who";
    figure.dataset = "hospital-x";
    figure.variant = "original";
    figure.metric = "rank_1";
    figure.value = 0.5;
    scored.figures = {figure};
    scored.tables = {{"who", {"Who", "Says who.", {"rank_1"}}}};
    scored.failures = {
        {"ward7", "original", "render", "", "films/clip-of-anna.mp4 of anna_k cannot be opened."}};
    WriteRunDescription(run, components, folder_.path());
    WriteResults(run, scored, folder_.path());
    WriteReport(folder_.path(), components, {});
    std::string all;
    for (const char* name : {"report.html", "report.md", "tables.tex"})
      all += ReadFile(folder_.path() / name);
    return all;
  }

  TemporaryFolder folder_;
};

TEST_F(ClosedDataset, NoPathNameOrIdEntersTheReport) {
  const std::string all = Write(false);
  for (const char* secret : kSecrets) EXPECT_THAT(all, Not(HasSubstr(secret)));
  EXPECT_THAT(all, HasSubstr("r123456789abcdef")) << "the failure is told, under another name";
  EXPECT_THAT(all, HasSubstr("REAL people"));
}

TEST_F(ClosedDataset, AnOpenOneKeepsItsNames) {
  const std::string all = Write(true);
  for (const char* name : kSecrets) EXPECT_THAT(all, HasSubstr(name));
  EXPECT_THAT(all, Not(HasSubstr("r123456789abcdef")));
}

}  // namespace
}  // namespace maskbench
