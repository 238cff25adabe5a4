// Made observations for the experiment `reidentification`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {

class ReidentificationTest : public testing::Test {
 protected:
  ReidentificationTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
    dataset_.name = "made";
    config_ = Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
      "variants": ["original", "gaussian_blur"], "observers": ["dlib_resnet"],
      "experiments": [{"type": "reidentification", "false_accept_rates": [0.1, 0.0001],
                       "resamples": 200}]})");
  }

  /// Each subject has recordings 1 and 2, made on different days unless said otherwise. Without a
  /// condition nothing is stated of the eyes.
  void AddSubjects(int count, bool one_session = false, const std::string& condition = "") {
    const int first = static_cast<int>(dataset_.subjects.size());
    for (int s = first; s < first + count; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset_.subjects.push_back(subject);
      for (const char* number : {"_1", "_2"}) {
        LabelledRecording recording;
        recording.id = subject.id + number;
        recording.subject = subject.id;
        recording.session = one_session ? "day" : number;
        if (!condition.empty()) {
          recording.right.labels["ptosis"] = recording.left.labels["ptosis"] = "none";
          recording.left.labels["borderline"] = "yes";
          if (condition != "healthy") recording.left.labels[condition] = "mild";
        }
        dataset_.recordings.push_back(recording);
      }
    }
  }

  using Descriptor = std::function<std::optional<std::vector<float>>(
      int subject, const std::string& recording, const std::string& variant)>;

  ScoredRun ScoreAll(const Descriptor& descriptor) {
    return ScoreObserved(
        [&](int subject, const std::string& recording, const std::string& variant,
            const std::string&) { return descriptor(subject, recording, variant); });
  }

  /// The same with what each observer sees.
  ScoredRun ScoreObserved(const std::function<std::optional<std::vector<float>>(
                              int subject, const std::string& recording, const std::string& variant,
                              const std::string& observer)>& descriptor) {
    RunConfig config = ParseRunConfig(config_, components_, "c");
    const NetworkLibrary networks(folder_.path());
    const Plan plan = MakePlan(config, dataset_, components_, networks, ".");
    Store store(folder_.path() / ("s" + std::to_string(++stores_) + ".sqlite"));
    for (const Node& node : plan.nodes) {
      Observations seen;
      NodeOutcome outcome;
      if (node.stage == Stage::kObserve) {
        const int subject = std::stoi(dataset_.FindRecording(node.recording)->subject.substr(1));
        if (const auto values = descriptor(subject, node.recording, node.variant, node.observer)) {
          seen.embeddings = single_frames_(subject, node.recording, node.variant);
          seen.embeddings.push_back({Embedding::kTemplate, *values});
        }
        seen.frames = 8;
        seen.frames_with_face = faces_(subject, node.recording, node.variant);
        if (seen.frames_with_face < 0) outcome.status = NodeStatus::kFailed;
      }
      store.Commit(node, outcome, seen);
    }
    return ScoreRun(RunData(config, dataset_, plan, &store), components_);
  }

  /// Figures by "variant/metric parameter/pairing", and "/condition" where there is one.
  std::map<std::string, Figure> Score(const Descriptor& descriptor) {
    std::map<std::string, Figure> figures;
    for (const Figure& figure : ScoreAll(descriptor).figures) {
      figures[figure.variant + "/" + figure.metric +
              (figure.parameter.empty() ? "" : " " + figure.parameter) +
              (figure.group.empty() ? "" : "/" + figure.group.substr(8)) +
              (figure.condition.empty() ? "" : "/" + figure.condition)] = figure;
    }
    return figures;
  }

  /// Of the 8 frames of each recording, those with a face; negative when the step failed.
  std::function<int(int subject, const std::string& recording, const std::string& variant)> faces_ =
      [](int, const std::string&, const std::string&) { return 8; };
  /// What is seen of single frames where there is a template.
  std::function<std::vector<Embedding>(int subject, const std::string& recording,
                                       const std::string& variant)>
      single_frames_ =
          [](int, const std::string&, const std::string&) { return std::vector<Embedding>(); };
  TemporaryFolder folder_;
  int stores_ = 0;
  Components components_;
  Dataset dataset_;
  Json config_;
};

/// A descriptor that says who somebody is, with a little of which recording it is.
inline std::vector<float> Face(int subject, const std::string& recording) {
  NamedRandom person(1, std::to_string(subject), "person"), day(1, recording, "day");
  std::vector<float> face(12);
  for (float& value : face) value = static_cast<float>(person.Normal() + 0.2 * day.Normal());
  return face;
}

}  // namespace maskbench
