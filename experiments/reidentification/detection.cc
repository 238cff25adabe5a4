#include "experiments/reidentification/detection.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "maskbench/pipeline/condition.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

/// In how many frames of a recording a face was found.
struct FaceCount {
  int64_t frames = 0, with_face = 0;

  double Share() const {
    return frames == 0 ? 0 : static_cast<double>(with_face) / static_cast<double>(frames);
  }
};

/// By recording; nothing where a step failed.
using FaceCounts = std::map<std::string, std::optional<FaceCount>>;

FaceCounts CountFaces(const RunData& data, const std::string& variant,
                      const std::vector<std::string>& observers) {
  FaceCounts faces;
  for (const std::string& recording : data.recordings()) {
    std::optional<FaceCount>& count = faces[recording];
    for (const std::string& observer : observers) {
      // All of them look at the same face track: the first that ended well speaks for it.
      if (count) break;
      const std::optional<Observations> seen = data.Observed(recording, variant, observer);
      if (seen) count = FaceCount{seen->frames, seen->frames_with_face};
    }
  }
  return faces;
}

/// @param head  says of which variant and condition.
void AddRow(const RunData& data, const FaceCounts& faces, const std::set<int>& all_min_frames,
            Figure head, std::vector<Figure>* figures) {
  std::set<std::string> subjects;
  std::vector<FaceCount> counts;
  for (const std::string& id : data.recordings()) {
    const LabelledRecording& recording = *data.dataset().FindRecording(id);
    if (!head.condition.empty() && ConditionOf(recording) != head.condition) continue;
    subjects.insert(recording.subject);
    const std::optional<FaceCount>& count = faces.at(id);
    ++head.n;
    head.n_failed += count ? 0 : 1;
    counts.push_back(count.value_or(FaceCount{}));
  }
  const auto add = [&](const char* metric, const std::string& parameter, auto value) {
    Figure figure = head;
    figure.metric = metric;
    figure.parameter = parameter;
    double sum = 0;
    for (const FaceCount& count : counts) sum += value(count);
    figure.value = sum / static_cast<double>(counts.size());
    const auto units = static_cast<double>(subjects.size());
    if (units >= kMinimumUnits) {
      figure.interval = ClopperPearsonInterval(figure.value * units, units);
    }
    figures->push_back(figure);
  };
  for (const int min_frames : all_min_frames) {
    add("detection_rate", "min_frames=" + std::to_string(min_frames),
        [&](const FaceCount& count) { return count.with_face >= min_frames ? 1.0 : 0.0; });
  }
  add("frames_with_face", "", [](const FaceCount& count) { return count.Share(); });
}

}  // namespace

void AddDetectionFigures(const RunData& data, const std::string& experiment,
                         const std::vector<std::string>& conditions, std::vector<Figure>* figures) {
  std::vector<std::string> recognisers;
  std::set<int> all_min_frames;
  for (const ComponentChoice& observer : data.config().observers) {
    if (!MetricOf(observer.type)) continue;
    recognisers.push_back(observer.name);
    // Templates from elsewhere were enrolled by rules of their own.
    if (observer.options.contains("min_frames")) {
      all_min_frames.insert(observer.options.at("min_frames").get<int>());
    }
  }
  if (recognisers.empty()) return;
  std::vector<std::string> rows = {""};
  rows.insert(rows.end(), conditions.begin(), conditions.end());
  for (const ComponentChoice& variant : data.config().variants) {
    const FaceCounts faces = CountFaces(data, variant.name, recognisers);
    for (const std::string& condition : rows) {
      Figure head;
      head.experiment = experiment;
      head.dataset = data.dataset().name;
      head.variant = variant.name;
      head.condition = condition;
      head.n_unit = "recording";
      head.unit = "share";
      AddRow(data, faces, all_min_frames, head, figures);
    }
  }
}

}  // namespace maskbench
