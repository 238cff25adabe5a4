// An attacker's view of the files that digital masks store in the videos' place.
#include "maskbench/pipeline/stored_parameters.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/stored_file.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Below so many frames a statistic over time is none.
constexpr size_t kLeastFrames = 10;

class Description {
 public:
  void Add(double value) { values_.push_back(static_cast<float>(value)); }

  void AddPercentiles(std::vector<double> samples, const std::vector<double>& shares) {
    std::sort(samples.begin(), samples.end());
    for (const double share : shares)
      Add(samples.size() < kLeastFrames ? kNan : SortedPercentile(samples, share));
  }

  /// Median, and the distance from the 10th to the 90th percentile.
  void AddMiddleAndSpread(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    const bool enough = samples.size() >= kLeastFrames;
    Add(enough ? SortedPercentile(samples, 0.5) : kNan);
    Add(enough ? SortedPercentile(samples, 0.9) - SortedPercentile(samples, 0.1) : kNan);
  }

  void AddMeanAndDeviation(const std::vector<double>& samples) {
    double sum = 0, squares = 0;
    for (const double value : samples) sum += value;
    const double mean = sum / static_cast<double>(samples.size());
    for (const double value : samples) squares += (value - mean) * (value - mean);
    const bool enough = samples.size() >= kLeastFrames;
    Add(enough ? mean : kNan);
    Add(enough ? std::sqrt(squares / static_cast<double>(samples.size())) : kNan);
  }

  /// Of y over x, by least squares.
  void AddSlope(const std::vector<double>& x, const std::vector<double>& y) {
    double mean_x = 0, mean_y = 0, across = 0, along = 0;
    const auto count = static_cast<double>(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      mean_x += x[i] / count;
      mean_y += y[i] / count;
    }
    for (size_t i = 0; i < x.size(); ++i) {
      across += (x[i] - mean_x) * (y[i] - mean_y);
      along += (x[i] - mean_x) * (x[i] - mean_x);
    }
    Add(x.size() >= kLeastFrames && along > 0 ? across / along : kNan);
  }

  std::vector<float> Take() { return std::move(values_); }

 private:
  std::vector<float> values_;
};

const std::vector<double> kLowMiddleHigh = {0.1, 0.5, 0.9};

void AddEye(const std::vector<const MaskFrame*>& shown, size_t side, double minutes,
            Description* description) {
  std::vector<double> mrd1, mrd2, opening, azimuth, elevation;
  double shut = 0, unseen = 0, blinks = 0;
  bool was_shut = false;
  for (const MaskFrame* frame : shown) {
    const MaskEye& eye = frame->eyes[side];
    const bool is_shut = eye.status == MaskEyeStatus::kShut;
    shut += is_shut ? 1 : 0;
    unseen += eye.status == MaskEyeStatus::kNotSeen ? 1 : 0;
    blinks += is_shut && !was_shut ? 1 : 0;
    was_shut = is_shut;
    if (eye.status != MaskEyeStatus::kOpen) continue;
    mrd1.push_back(eye.mrd1_mm);
    mrd2.push_back(eye.mrd2_mm);
    opening.push_back(eye.aperture_mm);
    azimuth.push_back(eye.azimuth_deg);
    elevation.push_back(eye.elevation_deg);
  }
  for (const auto* samples : {&mrd1, &mrd2, &opening, &azimuth, &elevation})
    description->AddPercentiles(*samples, kLowMiddleHigh);
  description->AddSlope(elevation, mrd1);
  description->AddSlope(elevation, mrd2);
  const auto count = static_cast<double>(shown.size());
  const bool enough = shown.size() >= kLeastFrames;
  description->Add(enough ? shut / count : kNan);
  description->Add(enough ? unseen / count : kNan);
  description->Add(enough && minutes > 0 ? blinks / minutes : kNan);
}

class StoredParameters : public Observer {
 public:
  Observations Observe(const Recording& recording, const std::filesystem::path& track) override {
    Observations result;
    FaceTrackReader reader(track);
    result.frames = reader.frame_count();
    for (FaceObservation face; reader.Next(&face);)
      result.frames_with_face += face.has_face() ? 1 : 0;
    const std::filesystem::path stored = StoredBeside(recording.file);
    if (!std::filesystem::exists(stored)) return result;  // The method stores nothing.
    Embedding embedding;
    embedding.values = StoredParametersDescriptor(ReadMaskParameters(stored));
    result.embeddings.push_back(std::move(embedding));
    return result;
  }
};

}  // namespace

std::vector<float> StoredParametersDescriptor(const MaskParameters& parameters) {
  const MaskHeader& header = parameters.header;
  Description description;
  for (size_t k = 0; k < static_cast<size_t>(kShapeDims); ++k)
    description.Add(k < header.identity.size() ? header.identity[k] : 0);
  description.Add(header.scale);
  std::vector<const MaskFrame*> shown;
  for (const MaskFrame& frame : parameters.frames) {
    if (frame.status == MaskStatus::kSeen) shown.push_back(&frame);
  }
  const auto over_time = [&](auto value) {
    std::vector<double> samples;
    for (const MaskFrame* frame : shown) samples.push_back(value(*frame));
    return samples;
  };
  const double width_px = std::max(1, header.picture_px.width);
  for (const std::vector<double>& samples :
       {over_time([&](const MaskFrame& frame) { return frame.px_per_mm; }),
        over_time([&](const MaskFrame& frame) { return frame.place_px.x / width_px; }),
        over_time([&](const MaskFrame& frame) { return frame.place_px.y / width_px; }),
        over_time([&](const MaskFrame& frame) { return frame.yaw_deg; }),
        over_time([&](const MaskFrame& frame) { return frame.pitch_deg; }),
        over_time([&](const MaskFrame& frame) { return frame.roll_deg; })})
    description.AddMiddleAndSpread(samples);
  const double minutes = static_cast<double>(shown.size()) / header.rate.hz() / 60;
  for (const Side side : kSides) AddEye(shown, static_cast<size_t>(side), minutes, &description);
  for (size_t k = 0; k < header.expressions.size(); ++k)
    description.AddMeanAndDeviation(
        over_time([&](const MaskFrame& frame) { return frame.expression.at(k); }));
  return description.Take();
}

void RegisterStoredParameters(Registry<Observer>* registry) {
  ComponentInfo info = {
      "stored_parameters",
      1,
      "The file of parameters that a digital mask can store in the video's place, as numbers; for "
      "the attacker `parameters`.",
      {}};
  // The file tells of all frames, however few of them are drawn.
  info.single_frames = true;
  DeclareRecogniser(info.type, DescriptorMetric::kEuclidean, "", DescriptorKind::kStoredFile);
  registry->Add<NoOptions>(info, [](const NoOptions&, const Observer::Context&) {
    return std::make_unique<StoredParameters>();
  });
}

}  // namespace maskbench
