#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/media/recording.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// A measure over time: one value per frame, NaN where it cannot be given.
struct MeasureSeries {
  /// Empty for measures of the whole face.
  std::optional<Side> eye;
  std::string name;
  std::string unit;
  std::vector<double> values;
};

/// A measure of the whole recording; NaN where it cannot be given.
struct MeasureValue {
  std::optional<Side> eye;
  std::string name;
  std::string unit;
  double value = 0;
  /// 95 % interval, where the measure gives one.
  double low = std::numeric_limits<double>::quiet_NaN(),
         high = std::numeric_limits<double>::quiet_NaN();
  /// Why there is no value, or what to mind about it: a short phrase.
  std::string note{};
};

/// What a recogniser remembers of a face.
struct Embedding {
  /// Frame it was taken from; kTemplate for the recording's own, made from several frames.
  static constexpr int64_t kTemplate = -1;
  int64_t frame = kTemplate;
  std::vector<float> values;
};

/// What a reader says of one eye, or of the patient.
struct Reading {
  std::optional<Side> eye;
  /// Condition or grade scale, e.g. "ptosis".
  std::string condition;
  /// What was read, e.g. "present" or "moderate".
  std::string label;
  /// The reader's confidence or continuous score; NaN when it has none.
  double score = 0;
};

/// Facts about pixels; never a score, never the truth.
struct Observations {
  int64_t frames = 0;
  int64_t frames_with_face = 0;
  std::vector<MeasureSeries> series;
  std::vector<MeasureValue> values;
  /// Empty when no face could be enrolled.
  std::vector<Embedding> embeddings;
  std::vector<Reading> readings;
};

/// Turns the pixels of one delivered recording into observations: a measure or a recogniser. It
/// sees an anonymous recording and what perception found in that same file. One instance per
/// worker.
class Observer {
 public:
  struct Context {
    const NetworkLibrary* networks = nullptr;
  };

  virtual ~Observer() = default;
  /// @param track  face track of `recording.file`. Throws DataError when nothing can be said.
  virtual Observations Observe(const Recording& recording, const std::filesystem::path& track) = 0;
};

}  // namespace maskbench
