#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/npy.h"
#include "maskbench/core/text.h"
#include "maskbench/recognition/matching.h"
#include "maskbench/stats/identification.h"

#include "commands.h"

namespace maskbench {
namespace {

/// Whom the rows of a table are of, as FILE.json says; empty when there is none.
struct RowNames {
  std::vector<std::string> recordings, subjects;
};

RowNames ReadRowNames(const std::filesystem::path& array, int64_t rows) {
  RowNames names;
  const std::filesystem::path file = array.string() + ".json";
  if (!std::filesystem::exists(file)) return names;
  try {
    const Json description = ReadJsonFile(file);
    std::map<std::string, size_t> columns;
    for (const Json& column : description.at("row_columns")) {
      columns.emplace(column.get<std::string>(), columns.size());
    }
    if (static_cast<int64_t>(description.at("rows").size()) != rows) {
      throw DataError(fmt::format("{} describes {} rows, but {} has {}.", file.string(),
                                  description.at("rows").size(), array.string(), rows));
    }
    for (const Json& row : description.at("rows")) {
      names.recordings.push_back(row.at(columns.at("recording")).get<std::string>());
      names.subjects.push_back(row.at(columns.at("subject")).get<std::string>());
    }
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("{} does not describe rows: {}.", file.string(), error.what()));
  } catch (const std::out_of_range&) {
    throw DataError(
        fmt::format("{} names no recording and subject in row_columns.", file.string()));
  }
  return names;
}

/// Row of each probe's subject in the gallery; −1 for those who are not in it.
std::vector<int64_t> OwnRows(const RowNames& gallery, const RowNames& probes) {
  std::map<std::string, int64_t> enrolled;
  const std::set<std::string> recordings(gallery.recordings.begin(), gallery.recordings.end());
  for (size_t i = 0; i < gallery.subjects.size(); ++i) {
    if (!enrolled.emplace(gallery.subjects[i], static_cast<int64_t>(i)).second) {
      throw UsageError(
          fmt::format("the gallery has the subject \"{}\" twice; one template of each "
                      "is enrolled.",
                      gallery.subjects[i]));
    }
  }
  std::vector<int64_t> own;
  for (size_t i = 0; i < probes.subjects.size(); ++i) {
    if (recordings.count(probes.recordings[i]) > 0) {
      throw UsageError(
          fmt::format("the recording \"{}\" is in the gallery and among the probes; "
                      "they must be different recordings.",
                      probes.recordings[i]));
    }
    const auto found = enrolled.find(probes.subjects[i]);
    own.push_back(found == enrolled.end() ? -1 : found->second);
  }
  return own;
}

void PrintRanks(const std::vector<ProbeSearch>& searches, const std::vector<int64_t>& own,
                int64_t gallery_size) {
  std::vector<RankedProbe> ranked;
  for (size_t i = 0; i < searches.size(); ++i) {
    if (own[i] < 0) continue;
    RankedProbe probe;
    probe.failed = std::isnan(searches[i].own_distance);
    probe.better = static_cast<int>(searches[i].nearer);
    probe.tied = static_cast<int>(searches[i].as_near);
    ranked.push_back(probe);
  }
  fmt::print("{} probes are of people in the gallery", ranked.size());
  if (ranked.empty()) {
    fmt::print(".\n");
    return;
  }
  for (const int k : {1, 5, 10}) fmt::print(", rank {}: {:.4f}", k, RankRate(ranked, k));
  fmt::print(", mean rank: {:.1f}; chance is {:.4f} and {:.1f}.\n",
             MeanRank(ranked, static_cast<int>(gallery_size)),
             1 / static_cast<double>(gallery_size), (static_cast<double>(gallery_size) + 1) / 2);
}

}  // namespace

int MatchCommand(const MatchArguments& arguments) {
  if (!arguments.to.empty() && arguments.to.extension() != ".csv") {
    throw UsageError(fmt::format("{} must end in .csv.", arguments.to.string()));
  }
  const DescriptorTable gallery(std::make_shared<NpyFile>(arguments.gallery));
  const DescriptorTable probes(std::make_shared<NpyFile>(arguments.probes));
  const RowNames known = ReadRowNames(arguments.gallery, gallery.rows());
  const RowNames sought = ReadRowNames(arguments.probes, probes.rows());
  const bool named = !known.recordings.empty() && !sought.recordings.empty();
  const std::vector<int64_t> own = named ? OwnRows(known, sought) : std::vector<int64_t>();
  MatchingOptions options;
  options.metric = MetricNamed(arguments.metric);
  options.top = arguments.top;
  const std::vector<ProbeSearch> searches = SearchGallery(probes, gallery, options, own);
  int64_t failed = 0;
  for (const ProbeSearch& search : searches) failed += search.best.empty() ? 1 : 0;
  fmt::print("{} probes, {} of them without a result, in a gallery of {}.\n", probes.rows(), failed,
             gallery.rows());
  if (named) PrintRanks(searches, own, gallery.rows());
  if (arguments.to.empty()) return kExitDone;
  std::vector<std::string> header = {"probe", "place", "template", "distance"};
  if (named) header.insert(header.end(), {"probe_recording", "template_recording", "same_subject"});
  std::string text = CsvLine(header);
  for (size_t i = 0; i < searches.size(); ++i) {
    for (size_t place = 0; place < searches[i].best.size(); ++place) {
      const ProbeSearch::Candidate& candidate = searches[i].best[place];
      std::vector<std::string> cells = {std::to_string(i), std::to_string(place + 1),
                                        std::to_string(candidate.row),
                                        NumberText(candidate.distance)};
      if (named) {
        cells.insert(cells.end(),
                     {sought.recordings[i], known.recordings[candidate.row],
                      sought.subjects[i] == known.subjects[candidate.row] ? "1" : "0"});
      }
      text += CsvLine(cells);
    }
  }
  WriteFileAtomically(arguments.to, text);
  fmt::print("{}\n", arguments.to.string());
  return kExitDone;
}

}  // namespace maskbench
