#pragma once

#include <array>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// The mesh that is drawn: a head model's faces as triangles, refined round the eyes by
/// Catmull–Clark steps (Catmull & Clark 1978). Every vertex is a fixed linear combination of model
/// vertices, so the surface follows any identity and expression.
class HeadSurface {
 public:
  struct Options {
    /// Faces within so many millimetres of a lid margin are split, one entry per step.
    std::vector<double> refine_within_mm = {9.0, 2.0};
  };
  /// One eye's margin on the drawn mesh, medial corner to lateral corner, both corners included.
  /// "Inner" touches the globe, "outer" carries the lashes.
  struct Margin {
    std::vector<int> upper_inner, lower_inner, upper_outer, lower_outer;
  };

  /// @param mean  3 × vertex_count, the shape at which distances are measured.
  HeadSurface(const HeadTopology& topology, const Eigen::Matrix3Xd& mean, const Options& options);
  HeadSurface(const HeadTopology& topology, const Eigen::Matrix3Xd& mean)
      : HeadSurface(topology, mean, Options()) {}

  int vertex_count() const { return static_cast<int>(row_begin_.size()) - 1; }
  const std::vector<std::array<int, 3>>& triangles() const { return triangles_; }
  const std::vector<HeadPart>& triangle_parts() const { return triangle_parts_; }
  const std::array<Margin, 2>& margins() const { return margins_; }
  /// Rings away from a lid margin: 0 on the inner margin, 1 on the outer, then 2, 3, … (fractions
  /// on refined vertices); large away from the eyes. By vertex.
  const std::vector<float>& ring() const { return ring_; }

  /// Drawn vertices for model vertices (3 × model vertex_count), 3 × vertex_count().
  Eigen::Matrix3Xd Positions(const Eigen::Matrix3Xd& model_vertices) const;

 private:
  std::vector<int> row_begin_;
  std::vector<int> column_;
  std::vector<double> weight_;
  std::vector<std::array<int, 3>> triangles_;
  std::vector<HeadPart> triangle_parts_;
  std::array<Margin, 2> margins_;
  std::vector<float> ring_;
};

}  // namespace maskbench
