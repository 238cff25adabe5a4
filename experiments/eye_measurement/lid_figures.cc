// Lids frame by frame: MRD1 and its companions against the truth.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "topics.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kFirstBinMm = -2, kBins = 10;
constexpr size_t kPrimary = 0;  // FrameGroupings::gaze.

/// What numbers are multiplied by before they are compared.
struct Scale {
  std::string name, unit;
  Part part;
  double (*truth)(double hvid_mm, double assumed_mm);
  double (*measured)(double hvid_mm, double assumed_mm);
};

double One(double, double) { return 1; }
double OverAssumed(double, double assumed_mm) { return 1 / assumed_mm; }
double OverTrue(double hvid_mm, double) { return 1 / hvid_mm; }
double TrueOverAssumed(double hvid_mm, double assumed_mm) { return hvid_mm / assumed_mm; }

const Scale kTrue = {"true", "mm", Part::kHeadline, One, TrueOverAssumed};
const Scale kDefault = {"default", "mm", Part::kOtherScale, One, One};
const Scale kIris = {"iris", "iris", Part::kOtherScale, OverTrue, OverAssumed};

struct FramePlace {
  size_t recording;
  Side side;
  size_t frame;
  double truth_mm;
};
/// Which of some cells a frame belongs to; −1 for none.
using CellOf = std::function<int(const FramePlace& place)>;

/// One point per eye and cell: the means over the eye's frames in it, if there are enough.
std::vector<std::vector<Sample>> Means(const EyeScores& scores, const std::string& measure,
                                       const Scale& scale, size_t cells, const CellOf& cell_of) {
  struct Sum {
    double truth = 0, measured = 0;
    int frames = 0;
  };
  std::vector<std::vector<Sample>> samples(cells);
  for (size_t r = 0; r < scores.seen->recordings.size(); ++r) {
    const SeenRecording& seen = scores.seen->recordings[r];
    for (const Side side : kSides) {
      const std::vector<double>* measured = seen.Series(side, measure);
      if (measured == nullptr) continue;
      const EyeFrames& eye = seen.truth->eyes[static_cast<size_t>(side)];
      const std::vector<double>& truth = eye.measures.at(measure);
      std::vector<Sum> sums(cells);
      for (size_t i = 0; i < truth.size(); ++i) {
        if (!eye.visible[i] || !std::isfinite(truth[i]) || !std::isfinite((*measured)[i])) continue;
        const int cell = cell_of({r, side, i, truth[i]});
        if (cell < 0) continue;
        Sum& sum = sums[static_cast<size_t>(cell)];
        sum.truth += truth[i];
        sum.measured += (*measured)[i];
        ++sum.frames;
      }
      for (size_t c = 0; c < cells; ++c) {
        if (sums[c].frames < scores.options->min_frames) continue;
        const double frames = sums[c].frames;
        samples[c].push_back(
            {seen.truth->subject,
             scale.truth(eye.hvid_mm, scores.assumed_iris_mm) * sums[c].truth / frames,
             scale.measured(eye.hvid_mm, scores.assumed_iris_mm) * sums[c].measured / frames});
      }
    }
  }
  return samples;
}

int BinOf(double mrd1_mm) {
  const double bin = std::floor(mrd1_mm) - kFirstBinMm;
  return bin >= 0 && bin < kBins ? static_cast<int>(bin) : -1;
}

std::vector<Sample> Joined(const std::vector<std::vector<Sample>>& parts, size_t first,
                           size_t count) {
  std::vector<Sample> all;
  for (size_t k = first; k < first + count; ++k)
    all.insert(all.end(), parts[k].begin(), parts[k].end());
  return all;
}

void AddPoints(const Row& row, const Scale& scale, const std::vector<Sample>& points,
               FigureSheet* sheet) {
  sheet->AddAgreement(row, "mrd1", scale.unit, points);
  sheet->AddSlope(row, "mrd1_slope", scale.unit + "/" + scale.unit, points);
}

Row RowOf(const EyeScores& scores, const Scale& scale, std::map<std::string, std::string> group) {
  group["scale"] = scale.name;
  const bool points = group.count("bin") > 0 && group.at("bin") == "all";
  return {std::move(group), points ? "point" : "eye", scores.seen->failed};
}

/// All gazes and blinks, by the true height of the lid.
void AddBins(const EyeScores& scores, const Scale& scale, FigureSheet* sheet) {
  sheet->Start(scale.part);
  const std::vector<std::vector<Sample>> bins = Means(
      scores, "mrd1", scale, kBins, [](const FramePlace& place) { return BinOf(place.truth_mm); });
  for (int bin = 0; bin < kBins; ++bin) {
    const int mm = kFirstBinMm + bin;
    sheet->AddAgreement(RowOf(scores, scale, {{"bin", fmt::format("{}..{}", mm, mm + 1)}}), "mrd1",
                        scale.unit, bins[static_cast<size_t>(bin)]);
  }
  AddPoints(RowOf(scores, scale, {{"bin", "all"}}), scale, Joined(bins, 0, kBins), sheet);
}

/// As the clinic measures, without blinks: primary gaze, and MRD1 in the others.
void AddGazes(const EyeScores& scores, const Scale& scale, FigureSheet* sheet) {
  sheet->Start(scale.part == Part::kHeadline ? Part::kGaze : scale.part);
  const FrameGrouping& gaze = scores.groupings->gaze;
  for (const char* measure : {"mrd1", "mrd2", "pfh", "superior_show", "inferior_show"}) {
    if (!scores.repertoire.GivesSeries(measure)) continue;
    const std::string name = measure;
    const std::vector<std::vector<Sample>> values =
        Means(scores, name, scale, gaze.values.size(), [&](const FramePlace& place) {
          const EyeFrames& eye =
              scores.truths->recordings[place.recording].eyes[static_cast<size_t>(place.side)];
          return eye.closure[place.frame] == 0 ? gaze.At(place.recording, place.side, place.frame)
                                               : -1;
        });
    for (size_t g = 0; g < gaze.values.size(); ++g) {
      const Row row = RowOf(scores, scale, {{"gaze", gaze.values[g]}});
      if (name == "mrd1" || g == kPrimary) sheet->AddAgreement(row, name, scale.unit, values[g]);
      if (name == "mrd1" && g == kPrimary) sheet->AddSlope(row, "mrd1_slope", "mm/mm", values[g]);
    }
  }
}

/// Points per eye and bin, among the frames of a group.
void AddGroups(const EyeScores& scores, const Scale& scale, FigureSheet* sheet) {
  sheet->Start(Part::kGroups);
  for (const FrameGrouping& grouping : scores.groupings->others) {
    const std::vector<std::vector<Sample>> cells =
        Means(scores, "mrd1", scale, grouping.values.size() * kBins, [&](const FramePlace& place) {
          const int value = grouping.At(place.recording, place.side, place.frame),
                    bin = BinOf(place.truth_mm);
          return value < 0 || bin < 0 ? -1 : value * kBins + bin;
        });
    for (size_t v = 0; v < grouping.values.size(); ++v) {
      AddPoints(RowOf(scores, scale, {{"bin", "all"}, {grouping.key, grouping.values[v]}}), scale,
                Joined(cells, v * kBins, kBins), sheet);
    }
  }
}

void AddMeasuredShare(const EyeScores& scores, FigureSheet* sheet) {
  sheet->Start(Part::kHeadline);
  std::vector<Entry> frames;
  for (const SeenRecording& seen : scores.seen->recordings) {
    if (seen.failed) continue;
    for (const Side side : kSides) {
      const std::vector<double>* measured = seen.Series(side, "mrd1");
      const EyeFrames& eye = seen.truth->eyes[static_cast<size_t>(side)];
      for (size_t i = 0; i < eye.visible.size(); ++i) {
        if (!eye.visible[i]) continue;
        const bool given = measured != nullptr && std::isfinite((*measured)[i]);
        frames.push_back({seen.truth->subject, given ? 1.0 : 0.0});
      }
    }
  }
  sheet->AddMean({{}, "frame", scores.seen->failed}, "measured_share", "share", frames);
}

}  // namespace

void AddLidFigures(const EyeScores& scores, FigureSheet* sheet) {
  if (!scores.repertoire.GivesSeries("mrd1")) return;
  const bool scaled = std::isfinite(scores.assumed_iris_mm);
  if (scaled) {
    AddBins(scores, kTrue, sheet);
    AddGazes(scores, kTrue, sheet);
    AddBins(scores, kIris, sheet);
  }
  AddBins(scores, kDefault, sheet);
  AddGazes(scores, kDefault, sheet);
  AddGroups(scores, scaled ? kTrue : kDefault, sheet);
  AddMeasuredShare(scores, sheet);
}

double LabelledNumber(const LabelledRecording& recording, Side side, const std::string& key) {
  const Json& truth = (side == Side::kRight ? recording.right : recording.left).truth;
  const auto found = truth.find(key);
  return found != truth.end() && found->is_number() ? found->get<double>() : kNan;
}

}  // namespace maskbench
