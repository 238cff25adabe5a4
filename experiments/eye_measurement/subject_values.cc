// What each subject contributes, for comparisons of runs and variants subject by subject.
#include "subject_values.h"

#include <cmath>
#include <map>

namespace maskbench {
namespace {

/// Mean by subject.
class Means {
 public:
  void Add(int subject, double value) {
    auto& [sum, n] = sums_[subject];
    sum += value;
    ++n;
  }

  void AddTo(SubjectValue head, const std::map<int, std::string>& subjects,
             std::vector<SubjectValue>* values) const {
    for (const auto& [subject, sum] : sums_) {
      head.subject = subjects.at(subject);
      head.value = sum.first / sum.second;
      values->push_back(head);
    }
  }

 private:
  std::map<int, std::pair<double, int>> sums_;
};

}  // namespace

void AddSubjectValues(const EyeScores& scores, const std::string& variant,
                      const std::string& reader, std::vector<SubjectValue>* values) {
  std::map<int, std::string> subjects;
  for (const RecordingTruth& truth : scores.truths->recordings)
    subjects[truth.subject] = truth.labels->subject;
  SubjectValue head;
  head.variant = variant;
  head.reader = reader;
  const auto add = [&](const Means& means, const std::string& metric, const std::string& unit,
                       const std::string& group, Better better) {
    head.metric = metric;
    head.unit = unit;
    head.group = group;
    head.better = better;
    means.AddTo(head, subjects, values);
  };
  const bool true_scale = std::isfinite(scores.assumed_iris_mm);
  const std::string scale = true_scale ? "true" : "default";
  for (const char* measure : {"mrd1", "mrd2", "pfh"}) {
    const std::string name = measure;
    Means frames, recordings, read;
    for (const SeenRecording& seen : scores.seen->recordings) {
      const int subject = seen.truth->subject;
      for (const Side side : kSides) {
        const EyeFrames& eye = seen.truth->eyes[static_cast<size_t>(side)];
        const double factor = true_scale ? eye.hvid_mm / scores.assumed_iris_mm : 1;
        const std::vector<double>* series = seen.Series(side, name);
        if (series != nullptr) {
          const std::vector<double>& truth = eye.measures.at(name);
          for (size_t i = 0; i < truth.size(); ++i)
            if (eye.visible[i] && std::isfinite(truth[i]) && std::isfinite((*series)[i]))
              frames.Add(subject, std::abs(factor * (*series)[i] - truth[i]));
        }
        const double truth = LabelledNumber(*seen.truth->labels, side, name + "_mm");
        if (std::isnan(truth) || !scores.repertoire.GivesValue(name)) continue;
        const MeasureValue* value = seen.Value(side, name);
        const bool known = value != nullptr && std::isfinite(value->value);
        read.Add(subject, known ? 1 : 0);
        if (known) recordings.Add(subject, std::abs(factor * value->value - truth));
      }
    }
    add(frames, name + "_error", "mm", GroupText({{"scale", scale}, {"value", "frame"}}),
        Better::kLower);
    add(recordings, name + "_error", "mm", GroupText({{"scale", scale}, {"value", "recording"}}),
        Better::kLower);
    add(read, name + "_read", "share", GroupText({{"value", "recording"}}), Better::kHigher);
  }
  Means gaze;
  for (const Entry& entry : GazeErrors(scores)) gaze.Add(entry.subject, entry.value);
  add(gaze, "gaze_error", "deg", GroupText({{"frame", "head"}}), Better::kLower);
  for (const std::string axis : {"horizontal", "vertical"}) {
    const std::string name = "deviation_" + axis;
    if (!scores.repertoire.GivesValue(name)) continue;
    Means errors, read;
    for (const SeenRecording& seen : scores.seen->recordings) {
      const double truth = LabelledNumber(*seen.truth->labels, Side::kRight, name + "_dioptres");
      if (std::isnan(truth)) continue;
      const MeasureValue* value = seen.Value(std::nullopt, name);
      const bool known = value != nullptr && std::isfinite(value->value);
      read.Add(seen.truth->subject, known ? 1 : 0);
      if (known) errors.Add(seen.truth->subject, std::abs(value->value - truth));
    }
    const std::string group = GroupText({{"axis", axis}});
    add(errors, "deviation_error", "prism_dioptres", group, Better::kLower);
    add(read, "deviation_read", "share", group, Better::kHigher);
  }
  Means found;
  for (const SeenRecording& seen : scores.seen->recordings) {
    if (!seen.blinks) continue;
    for (int blink = 0; blink < seen.blinks->truth; ++blink)
      found.Add(seen.truth->subject, blink < seen.blinks->found ? 1 : 0);
  }
  add(found, "blink_recall", "share", "", Better::kHigher);
}

}  // namespace maskbench
