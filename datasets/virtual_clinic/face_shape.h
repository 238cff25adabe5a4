#pragma once

#include <string>
#include <vector>

#include "maskbench/head/parametric_head.h"

namespace maskbench::virtual_clinic {

/// A distance or position that anthropometry takes on faces.
struct FaceMeasure {
  std::string name;
  /// Standard deviation among adults of one sex and ancestry, mm.
  double spread_mm = 0;
  /// Moves the package's mean to that of people, mm.
  double shift_mm = 0;
  bool grows_with_face = false;  ///< Lengths and breadths of one face go together.
};
const std::vector<FaceMeasure>& FaceMeasures();

/// The measures of a head, mm, in the order of FaceMeasures().
/// @param shape  model vertices, 3 × vertex_count.
Eigen::VectorXd MeasureFace(const ParametricHead& head, const Eigen::Matrix3Xd& shape);

/// Adds details to a recipe of sex, ancestry, age and build: drawn freely, then moved the shortest
/// way to where FaceMeasures() are drawn from the spread of people.
void DrawFaceShape(const ParametricHead& head, NamedRandom* random, HeadRecipe* recipe);

}  // namespace maskbench::virtual_clinic
