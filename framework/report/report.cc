#include "maskbench/report/report.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/condition.h"

#include "contact_sheet.h"
#include "disclosure.h"
#include "histogram_picture.h"
#include "html_report.h"
#include "latex.h"
#include "pivot.h"
#include "privacy_utility.h"
#include "report_page.h"
#include "score_histograms.h"

namespace maskbench {
namespace {

/// Pipes would end a Markdown cell.
std::string Escaped(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string MarkdownTable(const std::vector<std::string>& header,
                          const std::vector<std::vector<std::string>>& rows) {
  std::string text = "| " + Join(header, " | ") + " |\n|";
  for (size_t i = 0; i < header.size(); ++i) text += "---|";
  text += "\n";
  for (std::vector<std::string> row : rows) {
    for (std::string& cell : row) cell = Escaped(cell);
    text += "| " + Join(row, " | ") + " |\n";
  }
  return text + "\n";
}

constexpr std::pair<ReportTable::Rows, const char*> kRowNames[] = {
    {ReportTable::Rows::kAll, "all"},
    {ReportTable::Rows::kOverall, "overall"},
    {ReportTable::Rows::kByCondition, "by_condition"}};

/// What nobody may conclude from the data, in a line; empty for real patients.
std::string WhatDataLack(const Dataset& dataset) {
  if (dataset.kind == "virtual") {
    return "Everybody in it is rendered. Diseased real eyes remain untested.";
  }
  const bool patients = std::any_of(dataset.recordings.begin(), dataset.recordings.end(),
                                    [](const LabelledRecording& recording) {
                                      const std::string condition = ConditionOf(recording);
                                      return !condition.empty() && condition != "healthy";
                                    });
  if (patients) return "";
  return "No eye disease is known of anybody in it. Diseased real eyes remain untested.";
}

/// An experiment's tables that are shown as they are, in Markdown.
std::string GridSections(const Json& report, const std::string& experiment) {
  std::string text;
  for (const Json& grid : report.value("grids", Json::array())) {
    if (grid.at("experiment") != experiment) continue;
    text +=
        fmt::format("## {}\n\n{}\n\n{}", grid.at("title").get<std::string>(),
                    grid.at("explanation").get<std::string>(),
                    MarkdownTable(grid.at("header").get<std::vector<std::string>>(),
                                  grid.at("rows").get<std::vector<std::vector<std::string>>>()));
  }
  return text;
}

/// Draws an experiment's histograms. @return their Markdown.
std::string HistogramSection(const NamedHistograms& histograms, const std::string& experiment,
                             const std::filesystem::path& out) {
  std::string text;
  for (const auto& [owner, picture] : histograms) {
    if (owner != experiment) continue;
    const cv::Mat image = DrawHistograms(picture.panels);
    if (image.empty()) continue;
    std::string name = "score_histograms-" + experiment + "-" + picture.name;
    for (char& c : name) {
      const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
      if (!plain) c = '_';
    }
    name += ".png";
    std::vector<unsigned char> bytes;
    cv::imencode(".png", image, bytes, {cv::IMWRITE_PNG_COMPRESSION, 9});
    WriteFileAtomically(out / name, std::string(bytes.begin(), bytes.end()));
    text += fmt::format("## {}\n\n{}\n\n![{}]({})\n\n", picture.title, picture.explanation,
                        Escaped(picture.title), name);
  }
  return text;
}

/// The picture of both halves of the question, where a run has both. @return its Markdown.
std::string PrivacyUtilitySection(const std::vector<Figure>& figures,
                                  const std::filesystem::path& out) {
  const std::vector<PrivacyUtilityPoint> points = PrivacyUtility(figures);
  if (points.empty()) return "";
  WriteFileAtomically(out / "privacy_utility.csv", PrivacyUtilityCsv(points));
  std::vector<unsigned char> bytes;
  cv::imencode(".png", DrawPrivacyUtility(points), bytes, {cv::IMWRITE_PNG_COMPRESSION, 9});
  WriteFileAtomically(out / "privacy_utility.png", std::string(bytes.begin(), bytes.end()));
  return "## Privacy against utility\n\nWhat the strongest attack finds behind each variant, over "
         "how well MRD1 can be measured on it, with 95 % intervals. A variant is on the front when "
         "no other one is better in one and as good in the other. Numbers are in "
         "privacy_utility.csv.\n\n![Strongest attack over limits of agreement of MRD1]"
         "(privacy_utility.png)\n\n";
}

}  // namespace

void WriteResults(const RunDescription& run, const ScoredRun& scored,
                  const std::filesystem::path& out) {
  Json tables = Json::array();
  for (const auto& [experiment, table] : scored.tables) {
    const auto* rows = std::find_if(std::begin(kRowNames), std::end(kRowNames),
                                    [&](const auto& name) { return name.first == table.rows; });
    tables.push_back({{"experiment", experiment},
                      {"title", table.title},
                      {"explanation", table.explanation},
                      {"metrics", table.metrics},
                      {"rows", rows->second},
                      {"with", table.with},
                      {"without", table.without}});
  }
  Json grids = Json::array();
  for (const auto& [experiment, grid] : scored.grids) {
    grids.push_back({{"experiment", experiment},
                     {"title", grid.title},
                     {"explanation", grid.explanation},
                     {"header", grid.header},
                     {"rows", grid.rows}});
  }
  Json failures = Json::array();
  for (const CaseFailure& failure : scored.failures) {
    failures.push_back({{"recording", failure.recording},
                        {"variant", failure.variant},
                        {"stage", failure.stage},
                        {"observer", failure.observer},
                        {"reason", failure.reason}});
  }
  Json notes = Json::array();
  for (const VariantNote& note : scored.notes) {
    notes.push_back({{"variant", note.variant}, {"note", note.note}, {"cases", note.cases}});
  }
  std::set<std::string> subjects;
  for (const std::string& id : run.plan.recordings) {
    subjects.insert(run.dataset.FindRecording(id)->subject);
  }
  WriteJsonFile(out / "report.json",
                {{"format", "maskbench-report"},
                 {"format_version", 1},
                 {"run", run.config.name},
                 {"seed", run.config.seed},
                 {"dataset",
                  {{"name", run.dataset.name},
                   {"version", run.dataset.version},
                   {"title", run.dataset.title},
                   {"kind", run.dataset.kind},
                   {"licence", run.dataset.licence},
                   {"notes", run.dataset.notes},
                   {"subjects", subjects.size()},
                   {"recordings", run.plan.recordings.size()}}},
                 {"nodes",
                  {{"planned", scored.nodes},
                   {"done", scored.done},
                   {"failed", scored.failed},
                   {"blocked", scored.blocked},
                   {"missing", scored.missing}}},
                 {"cases", {{"planned", scored.cases}, {"failed", scored.cases_failed}}},
                 {"failures", failures},
                 {"notes", notes},
                 {"tables", tables},
                 {"grids", grids},
                 {"histograms", HistogramsJson(scored.histograms)},
                 {"figures", FiguresJson(scored.figures)},
                 {"timings", FiguresJson(scored.timings)},
                 {"environment", run.environment}});
  WriteFileAtomically(out / "figures.csv", FiguresCsv(scored.figures));
  WriteFileAtomically(out / "timings.csv", FiguresCsv(scored.timings));
  WriteFileAtomically(out / "score_histograms.csv",
                      HistogramsCsv(run.dataset.name, scored.histograms));
}

std::string WriteReport(const std::filesystem::path& out, const Components& components,
                        const std::filesystem::path& assets_dir) {
  if (!std::filesystem::exists(out / "report.json")) {
    throw DataError(
        fmt::format("{} holds no report.json; run `maskbench score` first.", out.string()));
  }
  const Json report = ReadJsonFile(out / "report.json");
  RunDescription run = ReadRunDescription(out, components);
  Store store(StoreFile(out));
  const RunData data(run.config, run.dataset, run.plan, &store);
  const Disclosure disclosure(data);
  const bool has_picture = WriteContactSheet(data, disclosure, out, out / "variants.png");

  const Json& dataset = report["dataset"];
  std::string text = fmt::format("# {}\n\n", disclosure.Text(report["run"].get<std::string>()));
  if (!run.config.notes.empty()) text += disclosure.Text(run.config.notes) + "\n\n";
  text +=
      disclosure.closed()
          ? "A data set whose originals may not be shown, so it has no name here. "
          : fmt::format("Data set **{}** {}: {}. ", dataset["name"].get<std::string>(),
                        dataset["version"].get<std::string>(), dataset["title"].get<std::string>());
  text += fmt::format(
      "These are **{}**: {} subjects, {} recordings. Seed {}.\n\n",
      dataset["kind"] == "real" ? "recordings of real people" : "rendered, virtual people",
      dataset["subjects"].get<int>(), dataset["recordings"].get<int>(),
      report["seed"].get<uint64_t>());
  const std::string lacks = WhatDataLack(run.dataset);
  if (!lacks.empty()) text += "**" + lacks + "**\n\n";
  if (!disclosure.closed() && !dataset["notes"].get<std::string>().empty()) {
    text += "> " + dataset["notes"].get<std::string>() + "\n\n";
  }
  text += fmt::format("{} cases (a recording under a variant), **{} of them failed**.",
                      report["cases"]["planned"].get<int>(), report["cases"]["failed"].get<int>());
  const int missing = report["nodes"]["missing"];
  if (missing > 0) {
    text += fmt::format(" **The run is not complete: {} of {} steps are missing.**", missing,
                        report["nodes"]["planned"].get<int>());
  }
  text += "\n\n";
  if (has_picture) {
    text += "![The middle frame of one recording per subject under each variant](variants.png)\n\n";
  }
  const std::vector<Figure> figures = FiguresFromJson(report["figures"]);
  const std::vector<Figure> timings = FiguresFromJson(report["timings"]);
  const NamedHistograms histograms = HistogramsFromJson(report.value("histograms", Json::array()));
  text += PrivacyUtilitySection(figures, out);
  Json shown = report;
  if (shown.contains("grids")) shown["grids"] = disclosure.Texts(shown["grids"]);
  const Json& tables = report["tables"];
  for (size_t i = 0; i < tables.size(); ++i) {
    const std::string experiment = tables[i]["experiment"];
    PivotedTable pivoted = PivotTable(figures, tables[i]);
    if (pivoted.empty()) pivoted = PivotTable(timings, tables[i]);
    if (!pivoted.empty()) {
      const TextTable cells = ToText(pivoted);
      const std::string body = MarkdownTable(cells.header, cells.rows);
      text += fmt::format("## {}\n\n{}\n\n{}", tables[i]["title"].get<std::string>(),
                          tables[i]["explanation"].get<std::string>(), body);
    }
    const bool last = i + 1 == tables.size() || tables[i + 1]["experiment"] != experiment;
    if (last)
      text += GridSections(shown, experiment) + HistogramSection(histograms, experiment, out);
  }
  text += "## Failures\n\n";
  if (report["failures"].empty()) {
    text += "None.\n\n";
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const Json& failure : report["failures"]) {
      rows.push_back({disclosure.Label(failure["recording"]), failure["variant"], failure["stage"],
                      failure["observer"], disclosure.Text(failure["reason"])});
    }
    text += "Each is counted in every denominator above.\n\n" +
            MarkdownTable({"recording", "variant", "stage", "observer", "reason"}, rows);
  }
  if (!report["notes"].empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const Json& note : report["notes"]) {
      rows.push_back({note["variant"],
                      disclosure.Text(note["note"].get<std::string>().substr(0, 200)),
                      std::to_string(note["cases"].get<int>())});
    }
    text += "## What the methods noted\n\n" + MarkdownTable({"variant", "note", "cases"}, rows);
  }
  text += "## Variants\n\n";
  std::vector<std::vector<std::string>> variants;
  for (const ComponentChoice& variant : run.config.variants) {
    variants.push_back(
        {variant.name, variant.type, std::to_string(components.maskers.Info(variant.type).version),
         variant.options.empty() ? "" : "`" + disclosure.Texts(variant.options).dump() + "`"});
  }
  text += MarkdownTable({"name", "method", "version", "options"}, variants);
  text += "## Environment\n\n";
  std::vector<std::vector<std::string>> facts;
  for (const auto& item : report["environment"].items()) {
    if (!item.value().is_object()) {
      facts.push_back({item.key(), item.value().is_string() ? item.value().get<std::string>()
                                                            : item.value().dump()});
      continue;
    }
    for (const auto& inner : item.value().items()) {
      facts.push_back({item.key() + " " + inner.key(), inner.value().is_string()
                                                           ? inner.value().get<std::string>()
                                                           : inner.value().dump()});
    }
  }
  text += MarkdownTable({"fact", "value"}, facts);
  text +=
      "The same with charts is in `report.html`, tables for LaTeX in `tables.tex`. All figures, "
      "with n and intervals, are in `figures.csv`; bins of the pictures in "
      "`score_histograms.csv`; times and memory in `timings.csv`; "
      "what was observed in `observations.sqlite` (`maskbench export`).\n";
  WriteFileAtomically(out / "report.md", text);

  const Verdict verdict = VerdictOf(run, data, figures, timings);
  WriteFileAtomically(out / "tables.tex", LatexTables(shown, figures, timings, verdict));
  PageSource source;
  source.report = &report;
  source.run = &run;
  source.data = &data;
  source.disclosure = &disclosure;
  source.components = &components;
  source.figures = &figures;
  source.timings = &timings;
  source.histograms = &histograms;
  source.verdict = &verdict;
  source.data_folder = out;
  if (has_picture) source.picture = out / "variants.png";
  source.lacks = lacks;
  std::string notice;
  WriteFileAtomically(out / "report.html",
                      HtmlReport(PageTitle(source), PageData(source), assets_dir, &notice));
  return notice;
}

}  // namespace maskbench
