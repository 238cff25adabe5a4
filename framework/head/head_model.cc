#include "maskbench/head/head_model.h"

namespace maskbench {

Eigen::Vector3d Locate(const VertexStencil& stencil, const Eigen::Matrix3Xd& vertices) {
  Eigen::Vector3d position = stencil.offset_mm;
  for (size_t i = 0; i < stencil.vertices.size(); ++i)
    position += stencil.weights[i] * vertices.col(stencil.vertices[i]);
  return position;
}

}  // namespace maskbench
