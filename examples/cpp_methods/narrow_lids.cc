// A reader that calls a narrow eye ptosis. It knows nothing else, and says so; nor was its limit
// ever tested: it shows how a reader is made.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "maskbench/clinical/reader.h"
#include "maskbench/perception/face_track.h"

namespace maskbench {
namespace {

struct NarrowLidsOptions {
  double narrow = 0.6;

  static const OptionTable<NarrowLidsOptions>& Options() {
    static const auto table = OptionTable<NarrowLidsOptions>().Add(
        "narrow", &NarrowLidsOptions::narrow,
        "Median opening of the lids below which there is ptosis, in diameters of the iris.",
        {Range(0, 2)});
    return table;
  }
};

class NarrowLids : public Reader {
 public:
  explicit NarrowLids(const NarrowLidsOptions& options) : options_(options) {}

  ReaderReport Read(const Recording&, const std::filesystem::path& track) override {
    constexpr int kLowerMiddle = 4, kUpperMiddle = 12;  // Of EyeObservation::contour.
    FaceTrackReader reader(track);
    ReaderReport report;
    report.frames = reader.frame_count();
    std::array<std::vector<double>, 2> openings;
    for (FaceObservation face; reader.Next(&face);) {
      if (!face.has_face()) continue;
      ++report.frames_with_face;
      for (const Side side : kSides) {
        const EyeObservation& eye = face.eye(side);
        const cv::Point3f gap = eye.contour[kLowerMiddle] - eye.contour[kUpperMiddle];
        openings[static_cast<size_t>(side)].push_back(std::hypot(gap.x, gap.y) /
                                                      eye.iris_diameter_px());
      }
    }
    for (const Side side : kSides) {
      std::vector<double>& values = openings[static_cast<size_t>(side)];
      if (values.empty()) continue;  // What is not seen stays unknown.
      std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
      const double median = values[values.size() / 2];
      const bool narrow = median < options_.narrow;
      report.diagnosis.At(side, EyeCondition::kPtosis) = {
          narrow ? Presence::kPresent : Presence::kAbsent, "", narrow ? "mild" : "",
          1 / (1 + std::exp(10 * (median - options_.narrow)))};
      report.evidence.push_back({side, "lid_opening", "iris diameters", median});
    }
    return report;
  }

 private:
  NarrowLidsOptions options_;
};

}  // namespace

void RegisterNarrowLids(Registry<Observer>* registry) {
  AddReader<NarrowLidsOptions>(
      registry, {"narrow_lids", 1, "A reader that calls a narrow eye ptosis; an example.", {}},
      [](const NarrowLidsOptions& options, const Observer::Context&) {
        return std::make_unique<NarrowLids>(options);
      });
}

}  // namespace maskbench
