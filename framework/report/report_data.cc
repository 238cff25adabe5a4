#include "report_data.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "pivot.h"

namespace maskbench {
namespace {

/// Words by number, in order of appearance.
class Words {
 public:
  int At(const std::string& word) {
    const auto [found, is_new] = numbers_.emplace(word, static_cast<int>(numbers_.size()));
    if (is_new) words_.push_back(word);
    return found->second;
  }
  const Json& words() const { return words_; }

 private:
  std::map<std::string, int> numbers_;
  Json words_ = Json::array();
};

Json TextColumnJson(const std::vector<Figure>& figures, std::string Figure::*member) {
  Words words;
  Json at = Json::array();
  for (const Figure& figure : figures) at.push_back(words.At(figure.*member));
  if (words.words().size() == 1) return {{"all", words.words()[0]}};
  return {{"words", words.words()}, {"at", at}};
}

Json FigureJson(const std::optional<Figure>& figure) {
  if (!figure) return nullptr;
  return {{"value", ShortJson(figure->value)},
          {"low", ShortJson(figure->interval.low)},
          {"high", ShortJson(figure->interval.high)},
          {"n", figure->n},
          {"n_unit", figure->n_unit},
          {"failed", figure->n_failed},
          {"unit", figure->unit}};
}

}  // namespace

Json ShortJson(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == std::round(value) && std::abs(value) < 1e9) return static_cast<int64_t>(value);
  return std::stod(fmt::format("{:.6g}", value));
}

Json FigureColumnsJson(const std::vector<Figure>& figures, bool dataset) {
  using Text = std::pair<const char*, std::string Figure::*>;
  constexpr Text kTexts[] = {{"experiment", &Figure::experiment},
                             {"dataset", &Figure::dataset},
                             {"variant", &Figure::variant},
                             {"parameter", &Figure::parameter},
                             {"condition", &Figure::condition},
                             {"group", &Figure::group},
                             {"reader", &Figure::reader},
                             {"recogniser", &Figure::recogniser},
                             {"attacker", &Figure::attacker},
                             {"gallery_variant", &Figure::gallery_variant},
                             {"metric", &Figure::metric},
                             {"n_unit", &Figure::n_unit},
                             {"unit", &Figure::unit}};
  Json columns = {{"size", figures.size()}};
  for (const auto& [name, member] : kTexts) {
    if (std::string(name) == "dataset" && !dataset) continue;
    columns[name] = TextColumnJson(figures, member);
  }
  for (const char* name : {"value", "low", "high", "n", "n_failed"}) columns[name] = Json::array();
  for (const Figure& figure : figures) {
    columns["value"].push_back(ShortJson(figure.value));
    columns["low"].push_back(ShortJson(figure.interval.low));
    columns["high"].push_back(ShortJson(figure.interval.high));
    columns["n"].push_back(figure.n);
    columns["n_failed"].push_back(figure.n_failed);
  }
  return columns;
}

Json TablesJson(const Json& tables, const std::vector<Figure>& figures,
                const std::vector<Figure>& timings) {
  Json all = Json::array();
  for (const Json& table : tables) {
    const std::vector<Figure>* of = &figures;
    PivotedTable pivoted = PivotTable(figures, table);
    if (pivoted.empty()) {
      of = &timings;
      pivoted = PivotTable(timings, table);
    }
    if (pivoted.empty()) continue;
    Json rows = Json::array();
    for (const PivotedTable::Row& row : pivoted.rows) {
      Json cells = row.keys;
      for (const Figure* figure : row.cells)
        cells.push_back(figure == nullptr ? -1 : static_cast<int>(figure - of->data()));
      rows.push_back(std::move(cells));
    }
    all.push_back({{"experiment", table.at("experiment")},
                   {"title", table.at("title")},
                   {"explanation", table.at("explanation")},
                   {"of", of == &figures ? "figures" : "timings"},
                   {"keys", pivoted.keys},
                   {"columns", pivoted.columns},
                   {"rows", rows}});
  }
  return all;
}

Json PanelsJson(const NamedHistograms& histograms) {
  std::map<std::vector<double>, int> numbers;
  Json edges = Json::array(), panels = Json::array();
  for (const auto& [experiment, picture] : histograms) {
    for (const ReportHistogram& panel : picture.panels) {
      const auto [found, is_new] = numbers.emplace(panel.edges, static_cast<int>(numbers.size()));
      if (is_new) {
        Json list = Json::array();
        for (const double edge : panel.edges) list.push_back(ShortJson(edge));
        edges.push_back(list);
      }
      Json series = Json::array();
      for (const ReportHistogram::Series& one : panel.series) {
        series.push_back({{"name", one.name},
                          {"counts", one.bins.counts},
                          {"above", one.bins.above},
                          {"failed", one.failed}});
      }
      panels.push_back({{"experiment", experiment},
                        {"picture", picture.name},
                        {"variant", panel.variant},
                        {"group", panel.group},
                        {"recogniser", panel.recogniser},
                        {"attacker", panel.attacker},
                        {"gallery_variant", panel.gallery_variant},
                        {"metric", panel.metric},
                        {"unit", panel.unit},
                        {"edges", found->second},
                        {"series", series}});
    }
  }
  return {{"edges", edges}, {"panels", panels}};
}

Json VerdictJson(const Verdict& verdict) {
  Json columns = Json::array(), rows = Json::array();
  for (const VerdictColumn& column : verdict.columns) {
    columns.push_back({{"id", column.id},
                       {"title", column.title},
                       {"unit", column.unit},
                       {"explanation", column.explanation}});
  }
  for (const VerdictRow& row : verdict.rows) {
    Json cells = Json::array();
    for (const VerdictCell& cell : row.cells) {
      cells.push_back({{"figure", FigureJson(cell.figure)},
                       {"half_width", FigureJson(cell.half_width)},
                       {"judgement", ToString(cell.judgement)},
                       {"said", cell.said},
                       {"note", cell.note}});
    }
    rows.push_back({{"variant", row.variant}, {"type", row.type}, {"cells", cells}});
  }
  return {{"columns", columns},
          {"rows", rows},
          {"floor",
           {{"rank_1", FigureJson(verdict.floor_rank_1)}, {"auc", FigureJson(verdict.floor_auc)}}}};
}

}  // namespace maskbench
