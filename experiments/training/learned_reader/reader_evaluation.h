#pragma once

#include <array>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/nn/network.h"

#include "experiments/training/learned_reader/reading_cases.h"

namespace maskbench::training {

/// What the learned reader said of a recording's eyes, by Side.
struct ReaderAnswer {
  const ReaderCase* about = nullptr;
  std::array<std::array<float, kReaderTimeValues>, 2> said{};
};

/// From the first reading of each case. @param time_network  loaded for one.
std::vector<ReaderAnswer> AnswersOf(const std::vector<ReaderCase>& cases, Network* time_network);

/// Right and wrong by condition: areas under the ROC curve, sensitivity and specificity at even
/// odds, each with a 95 % interval over patients.
Json ReaderAccuracy(const std::vector<ReaderAnswer>& answers);

/// The answers in named groups: all, by width of the picture, and of those of `usual_width_px` by
/// ancestry, sex, and whether the patient is borderline.
struct ReaderGroup {
  std::string name;
  std::vector<ReaderAnswer> answers;
};
std::vector<ReaderGroup> GroupsOf(const std::vector<ReaderAnswer>& answers, int usual_width_px);

/// A Markdown table of ReaderAccuracy, a row per group and condition.
std::string AccuracyTable(const std::vector<ReaderGroup>& groups);

/// Among the eyes that have a condition and are called so: how often grade and kind are right.
Json GradeAccuracy(const std::vector<ReaderAnswer>& answers);

}  // namespace maskbench::training
