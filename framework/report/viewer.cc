#include "maskbench/report/viewer.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/pipeline/condition.h"
#include "maskbench/pipeline/run_folder.h"

#include "case_files.h"
#include "html_files.h"
#include "html_report.h"
#include "report_data.h"
#include "tiled_video.h"
#include "traces.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

constexpr int kLongSide = 480;
constexpr char kRemedy[] =
    "the same `maskbench run` into its folder with --set keep=masked makes what is missing.";
constexpr size_t kMostRecordings = 12, kMostSamples = 4000;

/// One video among those side by side.
struct Tile {
  std::string name, type;
  fs::path file;
};

/// The videos of a recording that are kept and may be shown, the original first; what is missing
/// goes to `missing` with its reason.
std::vector<Tile> TilesOf(const RunData& data, const Disclosure& disclosure,
                          const std::string& recording, const fs::path& out, bool originals,
                          Json* missing) {
  std::vector<Tile> tiles;
  for (const bool unmasked : {true, false}) {
    for (const ComponentChoice& variant : data.config().variants) {
      if (variant.type == "null" || IsUnmasked(variant.type) != unmasked) continue;
      if (unmasked && !originals) continue;
      const fs::path file = FindCaseFiles(data, recording, variant.name, out).masked;
      if (!file.empty()) {
        tiles.push_back({variant.name, variant.type, file});
        continue;
      }
      for (const Node& node : data.nodes()) {
        if (node.stage != Stage::kMask || node.recording != recording ||
            node.variant != variant.name)
          continue;
        const NodeOutcome* outcome = data.OutcomeOf(node);
        const std::string why = outcome == nullptr                       ? "not done"
                                : outcome->status == NodeStatus::kDone   ? "not kept"
                                : outcome->status == NodeStatus::kFailed ? outcome->reason
                                                                         : "an earlier step failed";
        missing->push_back(
            {{"variant", variant.name}, {"type", variant.type}, {"why", disclosure.Text(why)}});
      }
    }
    const bool has_original = std::any_of(tiles.begin(), tiles.end(),
                                          [](const Tile& tile) { return tile.type == "original"; });
    if (unmasked && originals && !has_original) {
      const fs::path source = OriginalFile(data, recording, out);
      if (!source.empty()) {
        tiles.insert(tiles.begin(), {"original", "original", source});
        missing->erase(
            std::remove_if(missing->begin(), missing->end(),
                           [&](const Json& one) { return one.at("type") == "original"; }),
            missing->end());
      }
    }
  }
  return tiles;
}

bool HasMask(const std::vector<Tile>& tiles) {
  return std::any_of(tiles.begin(), tiles.end(),
                     [](const Tile& tile) { return !IsUnmasked(tile.type); });
}

std::string AnonymousIdOf(const RunData& data, const std::string& recording) {
  for (const Node& node : data.nodes())
    if (node.recording == recording) return node.anonymous_id;
  throw DataError(fmt::format("{} has no step in the run's plan.", recording));
}

/// Those asked for, else one of each condition first.
std::vector<std::string> Chosen(const RunData& data, const ViewerOptions& options,
                                const std::function<bool(const std::string&)>& is_kept) {
  const std::vector<std::string>& all = data.recordings();
  for (const std::string& id : options.recordings) {
    if (std::find(all.begin(), all.end(), id) == all.end())
      throw UsageError(fmt::format("the run has no recording \"{}\".", id));
    if (!is_kept(id))
      throw DataError(fmt::format("of {} no masked video was kept; {}", id, kRemedy));
  }
  if (!options.recordings.empty()) return options.recordings;
  std::vector<std::string> chosen;
  std::set<std::string> conditions;
  std::vector<std::string> others;
  for (const std::string& id : all) {
    if (!is_kept(id)) continue;
    const bool is_new = conditions.insert(ConditionOf(*data.dataset().FindRecording(id))).second;
    (is_new ? chosen : others).push_back(id);
  }
  chosen.insert(chosen.end(), others.begin(), others.end());
  if (chosen.size() > kMostRecordings) chosen.resize(kMostRecordings);
  return chosen;
}

std::string AboutOriginals(const Dataset& dataset, bool shown) {
  if (shown) return "";
  return dataset.show_originals
             ? "Originals are of real people and left out; --show-originals shows them."
             : "The data set does not permit its originals to be shown.";
}

}  // namespace

std::string WriteViewer(
    const fs::path& out, const Components& components, const fs::path& assets_dir,
    const ViewerOptions& options,
    const std::function<void(int done, int total, const std::string& what)>& progress) {
  const RunDescription run = ReadRunDescription(out, components);
  Store store(StoreFile(out));
  const RunData data(run.config, run.dataset, run.plan, &store, out);
  const Disclosure disclosure(data);
  if (options.show_originals && !run.dataset.show_originals) {
    throw UsageError(
        "the data set's manifest does not permit its originals to be shown (show_originals).");
  }
  if (run.config.frames != 0) {
    throw UsageError(
        "this run masked some frames of each recording only (\"frames\"); a viewer needs all.");
  }
  const bool originals =
      run.dataset.show_originals && (run.dataset.kind == "virtual" || options.show_originals);
  Json ignored = Json::array();
  const std::vector<std::string> chosen = Chosen(data, options, [&](const std::string& id) {
    return HasMask(TilesOf(data, disclosure, id, out, originals, &ignored));
  });
  if (chosen.empty()) {
    throw DataError(std::string("the run kept no masked videos to be viewed; ") + kRemedy);
  }
  const fs::path folder = out / "viewer";
  fs::create_directories(folder);
  // Whatever an earlier call could show must not stay beside a page that may show less.
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".mp4") fs::remove(entry.path());
  Json videos = Json::array();
  for (size_t i = 0; i < chosen.size(); ++i) {
    const std::string& id = chosen[i];
    Json missing = Json::array();
    const std::vector<Tile> tiles = TilesOf(data, disclosure, id, out, originals, &missing);
    std::vector<fs::path> files;
    for (const Tile& tile : tiles) files.push_back(tile.file);
    const std::string name = AnonymousIdOf(data, id) + ".mp4";
    const fs::path part = folder / (name + ".part");
    const TiledVideo made = WriteTiledVideo(files, kLongSide, part);
    fs::rename(part, folder / name);
    Json places = Json::array();
    for (size_t k = 0; k < tiles.size(); ++k) {
      const cv::Rect& place = made.layout.tiles[k];
      places.push_back({{"variant", tiles[k].name},
                        {"type", tiles[k].type},
                        {"at", {place.x, place.y, place.width, place.height}}});
    }
    videos.push_back(
        {{"recording", disclosure.Label(id)},
         {"condition", disclosure.closed() ? "" : ConditionOf(*data.dataset().FindRecording(id))},
         {"file", "viewer/" + name},
         {"rate_hz", made.rate_hz},
         {"frames", made.frames},
         {"tiles", places},
         {"missing", missing}});
    progress(static_cast<int>(i) + 1, static_cast<int>(chosen.size()), disclosure.Label(id));
  }
  Json variants = Json::array();
  for (const ComponentChoice& variant : run.config.variants)
    variants.push_back({{"name", variant.name}, {"type", variant.type}});
  const bool real = run.dataset.kind == "real";
  const Json page = {
      {"format", "maskbench-viewer-page"},
      {"format_version", 1},
      {"run", disclosure.Text(run.config.name)},
      {"dataset",
       {{"kind", run.dataset.kind},
        {"name", disclosure.closed() ? "" : run.dataset.name},
        {"closed", disclosure.closed()}}},
      {"about_originals", AboutOriginals(run.dataset, originals)},
      {"videos", videos},
      {"recordings", {{"traces", TracesJson(data, disclosure, chosen, kMostSamples)}}},
      {"variants", variants},
      {"figures", FigureColumnsJson({}, false)},
      {"timings", FigureColumnsJson({}, false)},
      {"environment", {{"maskbench", run.environment.value("maskbench", "")}}}};
  std::string notice;
  WriteFileAtomically(
      out / "viewer.html",
      HtmlPage(ViewerPage(), ViewerScripts(),
               fmt::format("Viewer: {} — {} people — MaskBench", disclosure.Text(run.config.name),
                           real ? "REAL" : "VIRTUAL"),
               page, assets_dir, &notice));
  return notice;
}

}  // namespace maskbench
