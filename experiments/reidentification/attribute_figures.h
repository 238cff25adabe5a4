#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maskbench/pipeline/figure.h"

namespace maskbench {

/// With fewer people who have a certain attribute it is not read.
inline constexpr int kLeastPerClass = 5;

/// A recording whose person's attribute was read.
struct ReadAttribute {
  int subject = 0, label = 0, called = 0;
  std::vector<double> scores;  ///< Of each class.
};

/// What an attribute is called in figures.
struct AttributeNames {
  std::string attribute;
  std::vector<std::string> classes;
  /// Classes of which the area under the ROC curve is given.
  std::vector<int> told;
};

/// attribute_accuracy, attribute_majority and attribute_auc of each class of `told`, with intervals
/// that know which recordings are of one person. @param all  not empty. @param head  of which
/// attack.
void AddAttributeFigures(const AttributeNames& names, const std::vector<ReadAttribute>& all,
                         int64_t failed, const Figure& head, std::vector<Figure>* figures);

}  // namespace maskbench
