#include "report_page.h"

#include <map>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "data_uri.h"

namespace maskbench {
namespace {

std::string PictureData(const std::filesystem::path& file) {
  const cv::Mat image = file.empty() ? cv::Mat() : cv::imread(file.string());
  return image.empty() ? "" : JpegDataUri(image, 80);
}

Json FailuresJson(const PageSource& source) {
  Json failures = Json::array();
  for (const Json& failure : source.report->at("failures")) {
    failures.push_back(
        {{"recording", source.disclosure->Label(failure.at("recording").get<std::string>())},
         {"variant", failure.at("variant")},
         {"stage", failure.at("stage")},
         {"observer", failure.at("observer")},
         {"reason", source.disclosure->Text(failure.at("reason").get<std::string>())}});
  }
  return failures;
}

/// What the methods had to say, by kind of note: a note of every case with a number of its own
/// would fill pages.
Json NotesJson(const PageSource& source) {
  constexpr size_t kDifferent = 4;
  std::map<std::pair<std::string, std::string>, std::vector<const Json*>> kinds;
  std::vector<std::pair<std::string, std::string>> order;
  for (const Json& note : source.report->at("notes")) {
    const auto text = note.at("note").get<std::string>();
    const std::pair<std::string, std::string> kind(note.at("variant").get<std::string>(),
                                                   text.substr(0, text.find(':')));
    if (kinds.count(kind) == 0) order.push_back(kind);
    kinds[kind].push_back(&note);
  }
  Json notes = Json::array();
  for (const auto& kind : order) {
    const std::vector<const Json*>& all = kinds[kind];
    if (all.size() <= kDifferent) {
      for (const Json* note : all)
        notes.push_back(
            {{"variant", kind.first},
             {"note", source.disclosure->Text(note->at("note").get<std::string>().substr(0, 200))},
             {"cases", note->at("cases")}});
      continue;
    }
    int cases = 0;
    for (const Json* note : all) cases += note->at("cases").get<int>();
    notes.push_back({{"variant", kind.first},
                     {"note", source.disclosure->Text(
                                  fmt::format("{}: {} different values", kind.second, all.size()))},
                     {"cases", cases}});
  }
  return notes;
}

Json VariantsJson(const PageSource& source) {
  Json variants = Json::array();
  for (const ComponentChoice& variant : source.run->config.variants) {
    variants.push_back({{"name", variant.name},
                        {"type", variant.type},
                        {"version", source.components->maskers.Info(variant.type).version},
                        {"options", source.disclosure->Texts(variant.options)}});
  }
  return variants;
}

/// What a case would have taken alone: the steps from the recording to the mask, shared or not.
double SecondsToMask(const RunData& data, const Node& node) {
  const NodeOutcome* outcome = data.OutcomeOf(node);
  double seconds = outcome == nullptr ? 0 : outcome->wall_s;
  for (const int input : node.inputs) {
    const Node& before = data.nodes()[static_cast<size_t>(input)];
    if (before.stage != Stage::kRender) seconds += SecondsToMask(data, before);
  }
  return seconds;
}

}  // namespace

Verdict VerdictOf(const RunDescription& run, const RunData& data,
                  const std::vector<Figure>& figures, const std::vector<Figure>& timings) {
  std::vector<JudgedVariant> variants;
  for (const ComponentChoice& variant : run.config.variants)
    variants.push_back({variant.name, variant.type});
  std::string reader;
  for (const ComponentChoice& observer : run.config.observers)
    if (observer.type == "eye_measures" && reader.empty()) reader = observer.name;
  std::vector<Figure> times = timings;
  for (const JudgedVariant& variant : variants) {
    Figure speed;
    speed.variant = variant.name;
    speed.metric = "run_frames_per_second";
    speed.group = "stage=mask";
    speed.n_unit = "frame";
    speed.unit = "frame/s";
    double seconds = 0;
    for (const Node& node : data.nodes()) {
      if (node.stage != Stage::kMask || node.variant != variant.name) continue;
      const NodeOutcome* outcome = data.OutcomeOf(node);
      if (outcome == nullptr || outcome->status != NodeStatus::kDone) continue;
      seconds += SecondsToMask(data, node);
      speed.n += outcome->frames;
    }
    // Where only some frames are drawn, steps do not stand for the recording.
    if (seconds > 0 && run.config.frames == 0) speed.value = static_cast<double>(speed.n) / seconds;
    times.push_back(speed);
  }
  return MakeVerdict(figures, times, variants, reader);
}

std::string PageTitle(const PageSource& source) {
  return fmt::format("{} — {} people — MaskBench", source.disclosure->Text(source.run->config.name),
                     source.run->dataset.kind == "real" ? "REAL" : "VIRTUAL");
}

Json PageData(const PageSource& source) {
  const Json& report = *source.report;
  const Disclosure& disclosure = *source.disclosure;
  const bool open = !disclosure.closed();
  const auto of_dataset = [&](const char* key) {
    return open ? report.at("dataset").at(key) : Json("");
  };
  Json grids = Json::array();
  for (const Json& grid : report.value("grids", Json::array()))
    grids.push_back(disclosure.Texts(grid));
  const Json run_json = ReadJsonFile(source.data_folder / "run.json");
  Json config = run_json.value("config", Json::object());
  if (!open && config.contains("dataset")) {
    config["dataset"]["manifest"] = kWithheld;
    config["dataset"]["recordings"] = Json::array();
  }
  return {{"format", "maskbench-report-page"},
          {"format_version", 1},
          {"run", disclosure.Text(source.run->config.name)},
          {"run_notes", disclosure.Text(source.run->config.notes)},
          {"seed", report.at("seed")},
          {"dataset",
           {{"name", of_dataset("name")},
            {"version", of_dataset("version")},
            {"title", of_dataset("title")},
            {"notes", of_dataset("notes")},
            {"licence", of_dataset("licence")},
            {"kind", report.at("dataset").at("kind")},
            {"subjects", report.at("dataset").at("subjects")},
            {"recordings", report.at("dataset").at("recordings")},
            {"closed", !open}}},
          {"lacks", source.lacks},
          {"nodes", report.at("nodes")},
          {"cases", report.at("cases")},
          {"verdict", VerdictJson(*source.verdict)},
          {"figures", FigureColumnsJson(*source.figures, open)},
          {"timings", FigureColumnsJson(*source.timings, open)},
          {"tables", TablesJson(report.at("tables"), *source.figures, *source.timings)},
          {"grids", grids},
          {"histograms", PanelsJson(*source.histograms)},
          {"recordings", RecordingsJson(*source.data, disclosure, source.data_folder)},
          {"failures", FailuresJson(source)},
          {"notes", NotesJson(source)},
          {"variants", VariantsJson(source)},
          {"environment", report.at("environment")},
          {"config", disclosure.Texts(config)},
          {"picture", PictureData(source.picture)},
          {"viewer", std::filesystem::exists(source.data_folder / "viewer.html")}};
}

}  // namespace maskbench
