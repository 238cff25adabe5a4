#pragma once

#include <optional>
#include <vector>

#include "maskbench/head/head_model.h"

#include "mesh_operators.h"

namespace maskbench {

/// A point of the 468-point mesh whose place on a head is known.
struct MeshAnchor {
  int point;
  SurfacePoint place;
};

/// Where the points of the 468-point mesh lie on a head: the canonical head is fitted to the
/// anchors and then, smoothly, to the head's surface; what remains between anchors is bent away
/// (thin plate splines) and the points are laid on the closest place of `surface`. The result is
/// symmetric.
///
/// @param canonical  head whose vertices are the points.
/// @param anchors    of the left side and the middle; the right side mirrors them.
/// @param vertices   symmetric shape of the other head.
/// @param surface    the triangles of it that points may lie on.
std::vector<std::optional<SurfacePoint>> CorrespondMesh468(const HeadModel& canonical,
                                                           const HeadTopology& topology,
                                                           const Eigen::Matrix3Xd& vertices,
                                                           const Triangles& surface,
                                                           const std::vector<MeshAnchor>& anchors);

}  // namespace maskbench
