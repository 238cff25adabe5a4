#include "datasets/virtual_clinic/expression.h"

#include <algorithm>

#include "maskbench/core/error.h"

namespace maskbench::virtual_clinic {

const std::vector<std::string>& ExpressionNames() {
  static const std::vector<std::string> names = {"eye-left-closure",
                                                 "eye-left-opened-up",
                                                 "eye-left-slit",
                                                 "eye-right-closure",
                                                 "eye-right-opened-up",
                                                 "eye-right-slit",
                                                 "eyebrows-left-down",
                                                 "eyebrows-left-extern-up",
                                                 "eyebrows-left-inner-up",
                                                 "eyebrows-left-up",
                                                 "eyebrows-right-down",
                                                 "eyebrows-right-extern-up",
                                                 "eyebrows-right-inner-up",
                                                 "eyebrows-right-up",
                                                 "mouth-compression",
                                                 "mouth-corner-puller",
                                                 "mouth-depression-retraction",
                                                 "mouth-depression",
                                                 "mouth-elevation",
                                                 "mouth-eversion",
                                                 "mouth-open",
                                                 "mouth-parling",
                                                 "mouth-part-later",
                                                 "mouth-protusion",
                                                 "mouth-pursing",
                                                 "mouth-retraction",
                                                 "mouth-upward-retraction",
                                                 "neck-platysma",
                                                 "nose-compression",
                                                 "nose-depression",
                                                 "nose-left-dilatation",
                                                 "nose-left-elevation",
                                                 "nose-right-dilatation",
                                                 "nose-right-elevation"};
  return names;
}

int ExpressionUnit(const std::string& name) {
  const auto& names = ExpressionNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw UsageError("The head has no expression unit \"" + name + "\".");
  return static_cast<int>(found - names.begin());
}

Eigen::VectorXd RestingFace() {
  return Eigen::VectorXd::Zero(static_cast<Eigen::Index>(ExpressionNames().size()));
}

}  // namespace maskbench::virtual_clinic
