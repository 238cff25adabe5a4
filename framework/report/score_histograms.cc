#include "score_histograms.h"

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"

namespace maskbench {
namespace {

using TextColumn = std::pair<const char*, std::string ReportHistogram::*>;
constexpr TextColumn kTextColumns[] = {{"variant", &ReportHistogram::variant},
                                       {"group", &ReportHistogram::group},
                                       {"recogniser", &ReportHistogram::recogniser},
                                       {"attacker", &ReportHistogram::attacker},
                                       {"gallery_variant", &ReportHistogram::gallery_variant},
                                       {"metric", &ReportHistogram::metric},
                                       {"unit", &ReportHistogram::unit}};

Json PanelJson(const ReportHistogram& panel) {
  Json json = Json::object();
  for (const auto& [name, member] : kTextColumns) json[name] = panel.*member;
  json["edges"] = panel.edges;
  json["series"] = Json::array();
  for (const ReportHistogram::Series& series : panel.series) {
    json["series"].push_back({{"name", series.name},
                              {"counts", series.bins.counts},
                              {"above", series.bins.above},
                              {"failed", series.failed}});
  }
  json["marks"] = Json::array();
  for (const ReportHistogram::Mark& mark : panel.marks) {
    json["marks"].push_back({{"name", mark.name}, {"at", mark.at}});
  }
  return json;
}

ReportHistogram PanelFromJson(const Json& json) {
  ReportHistogram panel;
  for (const auto& [name, member] : kTextColumns) panel.*member = json.at(name).get<std::string>();
  panel.edges = json.at("edges").get<std::vector<double>>();
  for (const Json& item : json.at("series")) {
    ReportHistogram::Series series;
    series.name = item.at("name").get<std::string>();
    series.bins.counts = item.at("counts").get<std::vector<int64_t>>();
    series.bins.above = item.at("above");
    series.failed = item.at("failed");
    if (series.bins.counts.size() + 1 != panel.edges.size()) {
      throw DataError("a histogram has " + std::to_string(panel.edges.size()) + " edges for " +
                      std::to_string(series.bins.counts.size()) + " bins.");
    }
    panel.series.push_back(series);
  }
  for (const Json& item : json.at("marks")) {
    panel.marks.push_back({item.at("name").get<std::string>(), item.at("at").get<double>()});
  }
  return panel;
}

}  // namespace

Json HistogramsJson(const NamedHistograms& histograms) {
  Json all = Json::array();
  for (const auto& [experiment, picture] : histograms) {
    Json panels = Json::array();
    for (const ReportHistogram& panel : picture.panels) panels.push_back(PanelJson(panel));
    all.push_back({{"experiment", experiment},
                   {"name", picture.name},
                   {"title", picture.title},
                   {"explanation", picture.explanation},
                   {"panels", panels}});
  }
  return all;
}

NamedHistograms HistogramsFromJson(const Json& json) {
  NamedHistograms histograms;
  try {
    for (const Json& item : json) {
      ReportHistograms picture;
      picture.name = item.at("name").get<std::string>();
      picture.title = item.at("title").get<std::string>();
      picture.explanation = item.at("explanation").get<std::string>();
      for (const Json& panel : item.at("panels")) picture.panels.push_back(PanelFromJson(panel));
      histograms.emplace_back(item.at("experiment").get<std::string>(), std::move(picture));
    }
  } catch (const Json::exception& error) {
    throw DataError(std::string("the histograms cannot be read: ") + error.what() + ".");
  }
  return histograms;
}

std::string HistogramsCsv(const std::string& dataset, const NamedHistograms& histograms) {
  std::vector<std::string> header = {"experiment", "dataset"};
  for (const TextColumn& column : kTextColumns) header.emplace_back(column.first);
  header.insert(header.end(), {"series", "low", "high", "count"});
  std::string text = CsvLine(header);
  for (const auto& [experiment, picture] : histograms) {
    for (const ReportHistogram& panel : picture.panels) {
      std::vector<std::string> head = {experiment, dataset};
      for (const TextColumn& column : kTextColumns) head.push_back(panel.*column.second);
      for (const ReportHistogram::Series& series : panel.series) {
        const auto add = [&](const std::string& low, const std::string& high, int64_t count) {
          std::vector<std::string> cells = head;
          cells.insert(cells.end(), {series.name, low, high, std::to_string(count)});
          text += CsvLine(cells);
        };
        for (size_t i = 0; i < series.bins.counts.size(); ++i) {
          add(NumberText(panel.edges[i]), NumberText(panel.edges[i + 1]), series.bins.counts[i]);
        }
        add(NumberText(panel.edges.back()), "", series.bins.above);
        add("", "", series.failed);
      }
    }
  }
  return text;
}

}  // namespace maskbench
