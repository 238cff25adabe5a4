#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// A shape of the head model: coefficients (the others are 0) and how many real mm its mm are.
struct GalleryShape {
  std::string patient;  ///< AnonymousPatient; empty for people who do not exist.
  std::vector<double> identity;
  double scale = 1;
};

/// Shapes of different people, one each.
struct ShapeGallery {
  std::string model;  ///< Name of the head model as in configurations.
  std::vector<GalleryShape> people;
};

/// As JSON. A gallery of patients is as confidential as their recordings.
std::string SerialiseGallery(const ShapeGallery& gallery);
/// @param origin  names the bytes in messages. Throws DataError for bytes that are no gallery, for
/// two shapes of one patient and for numbers that no face has.
ShapeGallery ParseGallery(const std::string& bytes, const std::string& origin);

/// 1000 people who do not exist: coefficients as the model spreads them, sizes of heads against the
/// iris within 5 % (standard deviation). Always the same ones. The first `dims` coefficients.
ShapeGallery DrawnGallery(const std::string& model, int dims);

/// A shape as a vector whose distances are distances of faces: the root mean square over the
/// model's points of the 468-point mesh, mm. The map is linear in (scale, scale · identity) and
/// loses nothing, so the mean of vectors is the vector of the mean shape.
class ShapeSpace {
 public:
  /// @param dims  coefficients that count.
  ShapeSpace(const HeadModel& model, int dims);
  Eigen::VectorXd VectorOf(const std::vector<double>& identity, double scale) const;
  /// The mean of shapes: vertices are the means of their vertices.
  static GalleryShape MeanOf(const std::vector<const GalleryShape*>& shapes);

 private:
  Eigen::MatrixXd metric_;  ///< Square, of (scale, scale · identity).
};

/// k-Same (Newton, Sweeney & Malin, "Preserving privacy by de-identifying face images", IEEE TKDE
/// 17:232, 2005) on vectors: from those that are left a first one and its k − 1 nearest become a
/// cluster, until fewer than 2 k are left, which become the last. The first one is the farthest
/// from the mean of those left (as MDAV, Domingo-Ferrer & Torra, Data Min. Knowl. Discov. 11:195,
/// 2005), which keeps clusters small. Ties go to the lower index.
/// @param vectors  one per column. @return the cluster of each column; every cluster has k to
/// 2 k − 1 members. Throws DataError for fewer than k columns.
std::vector<int> KSameClusters(const Eigen::MatrixXd& vectors, int k);

}  // namespace maskbench
