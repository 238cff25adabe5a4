// The off-the-shelf eye network as an observer. It regresses to a normal open eye and misreads
// diseased ones, so it is a baseline, not a measure to rely on.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "maskbench/clinical/lid_geometry.h"
#include "maskbench/core/registry.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/perception/observer.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct MediapipeIrisOptions {
  double iris_diameter_mm = kIrisDiameterMm;
  double blink_closed_share = BlinkRule().closed_share;

  static const OptionTable<MediapipeIrisOptions>& Options() {
    static const auto table =
        OptionTable<MediapipeIrisOptions>()
            .Add("iris_diameter_mm", &MediapipeIrisOptions::iris_diameter_mm,
                 "Horizontal visible iris diameter that sets the millimetre scale, mm.",
                 {Range(5, 20)})
            .Add("blink_closed_share", &MediapipeIrisOptions::blink_closed_share,
                 "A blink begins when the aperture falls below this share of its median over ±2 s.",
                 {Range(0.05, 0.95)});
    return table;
  }
};

double MedianOfKnown(const std::vector<double>& values) {
  std::vector<double> known;
  for (const double value : values) {
    if (!std::isnan(value)) known.push_back(value);
  }
  if (known.empty()) return kNan;
  const auto middle = known.begin() + static_cast<std::ptrdiff_t>(known.size() / 2);
  std::nth_element(known.begin(), middle, known.end());
  return *middle;
}

class MediapipeIris : public Observer {
 public:
  explicit MediapipeIris(const MediapipeIrisOptions& options) : options_(options) {}

  Observations Observe(const Recording& recording, const std::filesystem::path& track) override {
    FaceTrackReader reader(track);
    const auto frames = static_cast<size_t>(reader.frame_count());
    Observations result;
    result.frames = reader.frame_count();
    struct EyeSeries {
      std::vector<double> upper, lower, fissure, aperture, x, y, iris_px;
      // Where they are in the picture.
      std::vector<double> iris_x_px, iris_y_px, upper_y_px, lower_y_px, medial_x_px, medial_y_px,
          lateral_x_px, lateral_y_px;
    };
    std::array<EyeSeries, 2> eyes;
    std::vector<double> face_width(frames, kNan), roll(frames, kNan), scale_ratio(frames, kNan);
    for (EyeSeries& eye : eyes) {
      for (auto* series :
           {&eye.upper, &eye.lower, &eye.fissure, &eye.aperture, &eye.x, &eye.y, &eye.iris_px,
            &eye.iris_x_px, &eye.iris_y_px, &eye.upper_y_px, &eye.lower_y_px, &eye.medial_x_px,
            &eye.medial_y_px, &eye.lateral_x_px, &eye.lateral_y_px}) {
        series->assign(frames, kNan);
      }
    }
    FaceObservation face;
    int most_faces = 0;
    while (reader.Next(&face)) {
      const auto i = static_cast<size_t>(face.frame);
      most_faces = std::max(most_faces, face.faces_found);
      if (!face.has_face()) continue;
      ++result.frames_with_face;
      face_width[i] = face.face_width_px();
      const double roll_rad = face.roll_rad();
      roll[i] = roll_rad * 180 / CV_PI;
      double iris_sum = 0;
      for (const Side side : kSides) {
        const EyeObservation& eye = face.eye(side);
        EyeSeries& series = eyes[static_cast<int>(side)];
        const LidDistances lids = MeasureLids(eye, roll_rad);
        series.upper[i] = lids.upper_px;
        series.lower[i] = lids.lower_px;
        series.fissure[i] = lids.fissure_px();
        const cv::Point2f across = eye.inner_corner() - eye.outer_corner();
        series.aperture[i] = lids.fissure_px() / std::max(1e-3F, std::hypot(across.x, across.y));
        const cv::Point2f middle = (eye.inner_corner() + eye.outer_corner()) * 0.5F;
        const cv::Point2f shift = eye.iris_centre() - middle;
        // Patient's axes: x towards the patient's left (image right), y up.
        series.x[i] = std::cos(roll_rad) * shift.x + std::sin(roll_rad) * shift.y;
        series.y[i] = std::sin(roll_rad) * shift.x - std::cos(roll_rad) * shift.y;
        series.iris_px[i] = eye.iris_diameter_px();
        iris_sum += series.iris_px[i];
        series.iris_x_px[i] = eye.iris_centre().x;
        series.iris_y_px[i] = eye.iris_centre().y;
        // Where the face's vertical through the iris centre meets the margins.
        series.upper_y_px[i] = eye.iris_centre().y - std::cos(roll_rad) * lids.upper_px;
        series.lower_y_px[i] = eye.iris_centre().y + std::cos(roll_rad) * lids.lower_px;
        series.medial_x_px[i] = eye.inner_corner().x;
        series.medial_y_px[i] = eye.inner_corner().y;
        series.lateral_x_px[i] = eye.outer_corner().x;
        series.lateral_y_px[i] = eye.outer_corner().y;
      }
      scale_ratio[i] = iris_sum / 2 / face_width[i];
    }
    if (result.frames_with_face == 0) return result;

    // One iris size for the recording, carried to each frame by the size of the face: the network's
    // own iris jitters more than the face does.
    const double iris_per_face_width = MedianOfKnown(scale_ratio);
    std::vector<double> mm_per_px(frames, kNan);
    for (size_t i = 0; i < frames; ++i) {
      mm_per_px[i] = options_.iris_diameter_mm / (iris_per_face_width * face_width[i]);
    }
    for (const Side side : kSides) {
      EyeSeries& eye = eyes[static_cast<int>(side)];
      const auto add_mm = [&](const char* name, std::vector<double> values) {
        for (size_t i = 0; i < frames; ++i) values[i] *= mm_per_px[i];
        result.values.push_back({side, std::string(name) + "_median", "mm", MedianOfKnown(values)});
        result.series.push_back({side, name, "mm", std::move(values)});
      };
      add_mm("mrd1", eye.upper);
      add_mm("mrd2", eye.lower);
      add_mm("pfh", eye.fissure);
      add_mm("iris_offset_x", eye.x);
      add_mm("iris_offset_y", eye.y);
      result.series.push_back({side, "iris_diameter", "px", eye.iris_px});
      result.values.push_back({side, "iris_diameter_median", "px", MedianOfKnown(eye.iris_px)});
      const auto add_px = [&](const char* name, std::vector<double> values) {
        result.series.push_back({side, name, "px", std::move(values)});
      };
      add_px("iris_x_px", std::move(eye.iris_x_px));
      add_px("iris_y_px", std::move(eye.iris_y_px));
      add_px("upper_margin_y_px", std::move(eye.upper_y_px));
      add_px("lower_margin_y_px", std::move(eye.lower_y_px));
      add_px("medial_x_px", std::move(eye.medial_x_px));
      add_px("medial_y_px", std::move(eye.medial_y_px));
      add_px("lateral_x_px", std::move(eye.lateral_x_px));
      add_px("lateral_y_px", std::move(eye.lateral_y_px));
    }
    // Both lids close together in a blink: the mean of the eyes is steadier than either.
    std::vector<double> aperture(frames, kNan);
    for (size_t i = 0; i < frames; ++i) {
      aperture[i] = (eyes[0].aperture[i] + eyes[1].aperture[i]) / 2;
    }
    BlinkRule rule;
    rule.closed_share = options_.blink_closed_share;
    const double rate_hz = recording.info.rate.hz();
    std::vector<double> blinking(frames, kNan);
    for (size_t i = 0; i < frames; ++i) {
      if (!std::isnan(aperture[i])) blinking[i] = 0;
    }
    const std::vector<BlinkInterval> blinks = FindBlinks(aperture, rate_hz, rule);
    for (const BlinkInterval& blink : blinks) {
      for (int64_t i = blink.first_frame; i <= blink.last_frame; ++i) blinking[i] = 1;
    }
    const double seen_s = static_cast<double>(result.frames_with_face) / rate_hz;
    result.values.push_back({{}, "blink_count", "count", static_cast<double>(blinks.size())});
    result.values.push_back(
        {{}, "blink_rate", "per_minute", static_cast<double>(blinks.size()) / seen_s * 60});
    result.values.push_back({{}, "faces_found_max", "count", static_cast<double>(most_faces)});
    result.series.push_back({{}, "aperture_ratio", "ratio", std::move(aperture)});
    result.series.push_back({{}, "blinking", "flag", std::move(blinking)});
    result.series.push_back({{}, "face_width", "px", std::move(face_width)});
    result.series.push_back({{}, "head_roll", "deg", std::move(roll)});
    return result;
  }

 private:
  MediapipeIrisOptions options_;
};

}  // namespace

void RegisterMediapipeIris(Registry<Observer>* registry) {
  registry->Add<MediapipeIrisOptions>(
      {"mediapipe_iris",
       2,
       "Lids and irises by the off-the-shelf MediaPipe eye network; misreads diseased eyes.",
       {}},
      [](const MediapipeIrisOptions& options, const Observer::Context&) {
        return std::make_unique<MediapipeIris>(options);
      });
}

}  // namespace maskbench
