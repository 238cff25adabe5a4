#include "maskbench/report/sweep_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"

#include "pivot.h"
#include "sweep_picture.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

constexpr char kItself[] = "itself";

std::string ValueText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// What all dots of a panel share, besides the axis.
using Head = std::vector<std::string>;

Head HeadOf(const Figure& figure) {
  // A gallery under the probe's own variant is the same attack at every value.
  const std::string gallery =
      figure.gallery_variant == figure.variant ? kItself : figure.gallery_variant;
  return {figure.experiment, figure.metric,     figure.parameter, figure.group,
          figure.reader,     figure.recogniser, figure.attacker,  gallery};
}

std::string TitleOf(const Figure& figure) {
  std::vector<std::string> parts = {figure.metric};
  for (const std::string* part :
       {&figure.parameter, &figure.group, &figure.reader, &figure.recogniser, &figure.attacker})
    if (!part->empty()) parts.push_back(*part);
  if (!figure.gallery_variant.empty()) {
    parts.push_back("gallery " +
                    (figure.gallery_variant == figure.variant ? kItself : figure.gallery_variant));
  }
  return Join(parts, ", ");
}

struct Shown {
  std::string metric, group;
  bool any_group = true;

  bool Holds(const Figure& figure) const {
    return figure.metric == metric && (any_group || figure.group == group);
  }
};

std::vector<Shown> ReadShow(const std::vector<std::string>& show) {
  std::vector<Shown> all;
  for (const std::string& text : show) {
    const size_t at = text.find('@');
    all.push_back({text.substr(0, at), at == std::string::npos ? "" : text.substr(at + 1),
                   at == std::string::npos});
  }
  return all;
}

/// The metrics of the first table of each experiment, of that table's first row.
std::vector<std::string> ShownByDefault(const Json& report, const std::vector<Figure>& figures) {
  std::vector<std::string> show;
  std::set<std::string> experiments;
  for (const Json& table : report["tables"]) {
    if (!experiments.insert(table["experiment"].get<std::string>()).second) continue;
    const PivotedTable pivoted = PivotTable(figures, table);
    for (size_t column = 0; column < pivoted.columns.size(); ++column) {
      for (const PivotedTable::Row& row : pivoted.rows) {
        if (row.cells[column] == nullptr || !row.cells[column]->condition.empty()) continue;
        show.push_back(row.cells[column]->metric + "@" + row.cells[column]->group);
        break;
      }
    }
  }
  return show;
}

bool IsNumber(const Json& value) { return value.is_number(); }

void SortValues(SweepPanel* panel) {
  panel->numeric = !panel->at.empty() && std::all_of(panel->at.begin(), panel->at.end(), IsNumber);
  if (!panel->numeric) return;
  const auto less = [](const Json& a, const Json& b) { return a.get<double>() < b.get<double>(); };
  std::sort(panel->at.begin(), panel->at.end(), less);
  for (SweepPanel::Line& line : panel->lines)
    std::stable_sort(line.dots.begin(), line.dots.end(),
                     [&](const auto& a, const auto& b) { return less(a.at, b.at); });
}

std::string PanelTable(const SweepPanel& panel) {
  const std::string axis = panel.axis.empty() ? "point" : panel.axis;
  std::string text = "| " + axis + " |", rule = "|---|";
  for (const SweepPanel::Line& line : panel.lines) {
    text += " " + line.name + " | n |";
    rule += "---|---|";
  }
  text += "\n" + rule + "\n";
  for (const Json& at : panel.at) {
    text += "| " + ValueText(at) + " |";
    for (const SweepPanel::Line& line : panel.lines) {
      const auto dot = std::find_if(line.dots.begin(), line.dots.end(),
                                    [&](const SweepPanel::Dot& d) { return d.at == at; });
      text += dot == line.dots.end()
                  ? " – | |"
                  : fmt::format(" {} | {} |", FigureText(dot->figure), dot->figure.n);
    }
    text += "\n";
  }
  for (const SweepPanel::Line& line : panel.references)
    for (const SweepPanel::Dot& dot : line.dots)
      text += fmt::format("\nNot swept, {}: {} (n {}).\n", line.name, FigureText(dot.figure),
                          dot.figure.n);
  return text + "\n";
}

}  // namespace

std::vector<SweepPanel> SweepPanels(const std::vector<SweptFigure>& figures,
                                    const std::vector<std::string>& show) {
  const std::vector<Shown> shown = ReadShow(show);
  using Key = std::pair<Head, std::string>;  // And the axis.
  std::vector<Key> order;
  std::map<Key, SweepPanel> panels;
  const auto is_shown = [&](const Figure& figure) {
    return figure.condition.empty() &&
           std::any_of(shown.begin(), shown.end(),
                       [&](const Shown& one) { return one.Holds(figure); });
  };
  for (const SweptFigure& swept : figures) {
    const Figure& figure = swept.figure;
    const bool by_variant = !swept.from.empty(), by_run = !swept.of_run.values.empty();
    if (!is_shown(figure) || (!by_variant && !by_run)) continue;
    const SweepPlace& place = by_variant ? swept.of_variant : swept.of_run;
    const Key key = {HeadOf(figure), place.axis};
    const auto [found, fresh] = panels.emplace(key, SweepPanel());
    SweepPanel& panel = found->second;
    if (fresh) {
      order.push_back(key);
      panel.title = TitleOf(figure);
      panel.axis = place.axis;
      panel.unit = figure.unit;
    }
    std::string name = by_variant ? swept.from : figure.variant;
    if (!place.rest.empty()) name += ", " + place.rest;
    if (by_variant && by_run) name += ", " + swept.run;
    auto line = std::find_if(panel.lines.begin(), panel.lines.end(),
                             [&](const SweepPanel::Line& other) { return other.name == name; });
    if (line == panel.lines.end()) line = panel.lines.insert(line, {name, {}});
    line->dots.push_back({place.at, figure});
    if (std::find(panel.at.begin(), panel.at.end(), place.at) == panel.at.end())
      panel.at.push_back(place.at);
  }
  // What is not swept stands in every panel of its metric.
  for (const SweptFigure& swept : figures) {
    if (!swept.from.empty() || !swept.of_run.values.empty() || !is_shown(swept.figure)) continue;
    for (auto& [key, panel] : panels)
      if (key.first == HeadOf(swept.figure))
        panel.references.push_back({swept.figure.variant, {{Json(), swept.figure}}});
  }
  std::vector<SweepPanel> result;
  for (const Key& key : order) {
    SortValues(&panels[key]);
    result.push_back(std::move(panels[key]));
  }
  // In the order in which they are to be shown.
  std::stable_sort(result.begin(), result.end(), [&](const SweepPanel& a, const SweepPanel& b) {
    const auto place = [&](const SweepPanel& panel) {
      const Figure& figure = panel.lines.front().dots.front().figure;
      return std::find_if(shown.begin(), shown.end(),
                          [&](const Shown& one) { return one.Holds(figure); }) -
             shown.begin();
    };
    return place(a) < place(b);
  });
  return result;
}

std::string SweepCsv(const std::vector<SweptFigure>& figures) {
  std::vector<std::string> paths;
  const auto collect = [&](const SweepPlace& place) {
    for (const auto& item : place.values.items())
      if (std::find(paths.begin(), paths.end(), item.key()) == paths.end())
        paths.push_back(item.key());
  };
  for (const SweptFigure& swept : figures) {
    collect(swept.of_run);
    collect(swept.of_variant);
  }
  std::vector<std::string> header = {"run"};
  header.insert(header.end(), FigureColumns().begin(), FigureColumns().end());
  header.insert(header.end(), paths.begin(), paths.end());
  std::string text = CsvLine(header);
  for (const SweptFigure& swept : figures) {
    std::vector<std::string> cells = {swept.run};
    for (std::string& cell : FigureCells(swept.figure)) cells.push_back(std::move(cell));
    for (const std::string& path : paths) {
      std::string cell;
      for (const SweepPlace* place : {&swept.of_run, &swept.of_variant})
        if (place->values.contains(path)) cell = ValueText(place->values[path]);
      cells.push_back(cell);
    }
    text += CsvLine(cells);
  }
  return text;
}

std::vector<SweptRun> ReadSweepDescription(const fs::path& out) {
  const fs::path file = out / "sweep.json";
  if (!fs::exists(file)) return {};
  const Json json = ReadJsonFile(file);
  std::vector<SweptRun> runs;
  try {
    if (json.at("format") != "maskbench-sweep") throw DataError("");
    for (const Json& entry : json.at("runs")) {
      SweptRun run;
      run.name = entry.at("name").get<std::string>();
      if (!run.name.empty()) JoinInside(out, run.name);
      run.place = SweepPlaceFromJson(entry.at("place"));
      for (const Json& variant : entry.at("variants"))
        run.variants.push_back(
            {variant.at("name"), variant.at("from"), SweepPlaceFromJson(variant.at("place"))});
      run.show = json.at("show").get<std::vector<std::string>>();
      runs.push_back(std::move(run));
    }
  } catch (const std::exception&) {
    throw DataError(fmt::format("{} describes no sweep.", file.string()));
  }
  return runs;
}

std::vector<std::string> RunsOfSweep(const fs::path& out) {
  std::vector<std::string> names;
  for (const SweptRun& run : ReadSweepDescription(out))
    if (!run.name.empty()) names.push_back(run.name);
  return names;
}

void WriteSweepDescription(const fs::path& out, const std::vector<SweptRun>& runs) {
  if (runs.size() == 1 && runs[0].name.empty() && runs[0].variants.empty()) {
    // What an earlier configuration swept here is no more.
    for (const char* name : {"sweep.json", "sweep.csv", "sweep.md", "sweep.png"})
      fs::remove(out / name);
    return;
  }
  Json list = Json::array();
  for (const SweptRun& run : runs) {
    Json variants = Json::array();
    for (const SweptVariant& variant : run.variants)
      variants.push_back(
          {{"name", variant.name}, {"from", variant.from}, {"place", ToJson(variant.place)}});
    list.push_back({{"name", run.name}, {"place", ToJson(run.place)}, {"variants", variants}});
  }
  WriteJsonFile(out / "sweep.json", {{"format", "maskbench-sweep"},
                                     {"format_version", 1},
                                     {"show", runs.front().show},
                                     {"runs", list}});
}

void WriteSweepReport(const fs::path& out) {
  const std::vector<SweptRun> runs = ReadSweepDescription(out);
  if (runs.empty()) return;
  std::vector<SweptFigure> figures;
  std::vector<std::string> show = runs.front().show, missing;
  for (const SweptRun& run : runs) {
    const fs::path folder = run.name.empty() ? out : out / run.name;
    if (!fs::exists(folder / "report.json")) {
      missing.push_back(run.name);
      continue;
    }
    const Json report = ReadJsonFile(folder / "report.json");
    const std::vector<Figure> own = FiguresFromJson(report["figures"]);
    if (show.empty()) show = ShownByDefault(report, own);
    for (const Figure& figure : own) {
      SweptFigure swept{run.name, run.place, "", {}, figure};
      for (const SweptVariant& variant : run.variants) {
        if (variant.name != figure.variant) continue;
        swept.from = variant.from;
        swept.of_variant = variant.place;
      }
      figures.push_back(std::move(swept));
    }
  }
  WriteFileAtomically(out / "sweep.csv", SweepCsv(figures));
  const std::vector<SweepPanel> panels = SweepPanels(figures, show);
  std::string text = "# Sweep\n\n";
  if (!missing.empty())
    text += fmt::format("**Not done yet, so not shown: {}.**\n\n", Join(missing, ", "));
  text +=
      "Figures with their 95 % intervals over the swept option; no interval below 10 subjects. All "
      "figures are in `sweep.csv`.\n\n";
  const cv::Mat picture = DrawSweep(panels);
  if (!picture.empty()) {
    cv::imwrite((out / "sweep.png").string(), picture);
    text += "![The same as a picture](sweep.png)\n\n";
  }
  for (const SweepPanel& panel : panels) {
    text += fmt::format("## {}{}\n\n{}", panel.title,
                        panel.unit.empty() ? "" : " (" + panel.unit + ")", PanelTable(panel));
  }
  if (panels.empty()) text += "No figure to show; name metrics in `sweep.show`.\n";
  WriteFileAtomically(out / "sweep.md", text);
}

}  // namespace maskbench
