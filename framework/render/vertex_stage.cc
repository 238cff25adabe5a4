#include "vertex_stage.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr float kNearPlaneMm = 10.0f;

void CheckTopology(const MeshTopology* topology, size_t vertex_count, const std::string& name) {
  if (topology == nullptr) throw DataError(fmt::format("{} has no topology.", name));
  if (topology->parts.size() != topology->triangles.size()) {
    throw DataError(fmt::format("{} has {} triangles, but {} parts.", name,
                                topology->triangles.size(), topology->parts.size()));
  }
  if (!topology->uv.empty() && topology->uv.size() != vertex_count) {
    throw DataError(fmt::format("{} has {} vertices, but {} texture coordinates.", name,
                                vertex_count, topology->uv.size()));
  }
  for (size_t i = 0; i < topology->triangles.size(); ++i) {
    for (const int vertex : topology->triangles[i]) {
      if (vertex < 0 || static_cast<size_t>(vertex) >= vertex_count) {
        throw DataError(fmt::format("{}: triangle {} names vertex {}, but there are {}.", name, i,
                                    vertex, vertex_count));
      }
    }
  }
}

void CheckCount(size_t count, size_t vertex_count, const char* what, const std::string& name) {
  if (count != 0 && count != vertex_count) {
    throw DataError(fmt::format("{} has {} vertices, but {} {}.", name, vertex_count, count, what));
  }
}

void CheckFinite(const std::vector<Eigen::Vector3f>& positions, const std::string& name) {
  float sum = 0;  // Stays 0 unless something is infinite or no number.
  for (const Eigen::Vector3f& p : positions) sum += (p.x() + p.y() + p.z()) * 0.0f;
  if (sum == 0.0f) return;
  for (size_t i = 0; i < positions.size(); ++i) {
    if (!positions[i].allFinite()) {
      throw DataError(fmt::format("{}: vertex {} has no finite position.", name, i));
    }
  }
}

/// Area-weighted normals bend towards large triangles. These weights (Max, "Weights for computing
/// vertex normals from facet normals", 1999) are exact on a sphere.
void ComputeNormals(const MeshTopology& topology, const std::vector<Eigen::Vector3f>& positions,
                    std::vector<Eigen::Vector3f>* normals) {
  normals->assign(positions.size(), Eigen::Vector3f::Zero());
  for (const auto& [i, j, k] : topology.triangles) {
    const Eigen::Vector3f ij = positions[j] - positions[i];
    const Eigen::Vector3f jk = positions[k] - positions[j];
    const Eigen::Vector3f ki = positions[i] - positions[k];
    const float length_ij = ij.squaredNorm();
    const float length_jk = jk.squaredNorm();
    const float length_ki = ki.squaredNorm();
    const float product = length_ij * length_jk * length_ki;
    if (!(product > 1e-30f)) continue;
    const Eigen::Vector3f normal = ki.cross(ij) * (1.0f / product);
    (*normals)[i] += normal * length_jk;
    (*normals)[j] += normal * length_ki;
    (*normals)[k] += normal * length_ij;
  }
  for (Eigen::Vector3f& normal : *normals) {
    const float length = normal.norm();
    normal = length > 0 ? Eigen::Vector3f(normal / length) : Eigen::Vector3f(0, 0, -1);
  }
}

/// Unit directions in which the texture's v grows, projected on the surface.
void ComputeTangents(const MeshTopology& topology, const std::vector<Eigen::Vector3f>& positions,
                     std::vector<Eigen::Vector3f>* tangents) {
  tangents->assign(positions.size(), Eigen::Vector3f::Zero());
  for (const auto& [i, j, k] : topology.triangles) {
    const Eigen::Vector2f uv_j = topology.uv[j] - topology.uv[i];
    const Eigen::Vector2f uv_k = topology.uv[k] - topology.uv[i];
    const float area = uv_j.x() * uv_k.y() - uv_j.y() * uv_k.x();
    if (area == 0) continue;
    const Eigen::Vector3f along_v =
        (uv_j.x() * (positions[k] - positions[i]) - uv_k.x() * (positions[j] - positions[i])) *
        (area > 0 ? 1.0f : -1.0f);
    for (const int vertex : {i, j, k}) (*tangents)[vertex] += along_v;
  }
  for (Eigen::Vector3f& tangent : *tangents) {
    const float length = tangent.norm();
    if (length > 0) tangent /= length;
  }
}

}  // namespace

void Validate(const Scene& scene) {
  const Camera& camera = scene.camera;
  if (camera.width_px < 1 || camera.height_px < 1 || camera.width_px > 16384 ||
      camera.height_px > 16384) {
    throw DataError(
        fmt::format("A picture of {} × {} pixels cannot be drawn; allowed are 1 to 16384.",
                    camera.width_px, camera.height_px));
  }
  if (!(camera.focal_px > 0) || !std::isfinite(camera.focal_px) ||
      !camera.principal_px.allFinite()) {
    throw DataError(fmt::format(
        "The camera's focal length of {} px is not positive and finite, or its principal "
        "point is not.",
        camera.focal_px));
  }
  if (scene.meshes.size() > 32767) {
    throw DataError(fmt::format("A scene has {} meshes; allowed are 32767.", scene.meshes.size()));
  }
  for (size_t i = 0; i < scene.meshes.size(); ++i) {
    const Mesh& mesh = scene.meshes[i];
    const std::string name = fmt::format("Mesh {}", i);
    const size_t count = mesh.positions.size();
    CheckTopology(mesh.topology.get(), count, name);
    if (mesh.material == nullptr) throw DataError(fmt::format("{} has no material.", name));
    CheckCount(mesh.normals.size(), count, "normals", name);
    CheckCount(mesh.occlusion.size(), count, "occlusion values", name);
    CheckCount(mesh.wetness.size(), count, "wetness values", name);
    CheckFinite(mesh.positions, name);
    if ((mesh.material->albedo_texture || mesh.material->relief_texture) &&
        mesh.topology->uv.empty() && count > 0) {
      throw DataError(fmt::format("{} has a texture, but no texture coordinates.", name));
    }
  }
  for (size_t i = 0; i < scene.strands.size(); ++i) {
    const StrandMesh& mesh = scene.strands[i];
    const std::string name = fmt::format("Strand mesh {}", i);
    const size_t count = mesh.positions.size();
    CheckTopology(mesh.topology.get(), count, name);
    CheckCount(mesh.normals.size(), count, "normals", name);
    CheckCount(mesh.tangents.size(), count, "tangents", name);
    CheckCount(mesh.alpha.size(), count, "alpha values", name);
    CheckCount(mesh.occlusion.size(), count, "occlusion values", name);
    CheckFinite(mesh.positions, name);
    if (mesh.texture && mesh.topology->uv.empty() && count > 0) {
      throw DataError(fmt::format("{} has a texture, but no texture coordinates.", name));
    }
  }
}

void UsedVertices::Find(const MeshTopology& topology, size_t count) {
  place.assign(count, -1);
  for (const auto& triangle : topology.triangles) {
    for (const int vertex : triangle) place[vertex] = 0;
  }
  vertices.clear();
  for (size_t i = 0; i < count; ++i) {
    if (place[i] < 0) continue;
    place[i] = static_cast<int>(vertices.size());
    vertices.push_back(static_cast<int>(i));
  }
}

void ProjectVertices(const Camera& camera, const std::vector<Eigen::Vector3f>& positions,
                     const UsedVertices& used, std::vector<ScreenVertex>* screen) {
  for (const int index : used.vertices) {
    const Eigen::Vector3f& position = positions[index];
    ScreenVertex vertex;
    if (position.z() >= kNearPlaneMm) {
      const double scale = camera.focal_px / position.z();
      const double x = scale * position.x() + camera.principal_px.x();
      const double y = scale * position.y() + camera.principal_px.y();
      if (std::abs(x) < raster::kFarthestPixel && std::abs(y) < raster::kFarthestPixel) {
        vertex.x = raster::ToSubpixels(x);
        vertex.y = raster::ToSubpixels(y);
        vertex.inverse_z = 1.0f / position.z();
      }
    }
    screen->push_back(vertex);
  }
}

bool SetUpTriangle(const Camera& camera, const ScreenVertex* vertices,
                   const std::array<int, 3>& index, bool two_sided, RasterTriangle* cover,
                   ShadeTriangle* shade) {
  const ScreenVertex* v0 = &vertices[index[0]];
  const ScreenVertex* v1 = &vertices[index[1]];
  const ScreenVertex* v2 = &vertices[index[2]];
  if (v0->inverse_z == 0 || v1->inverse_z == 0 || v2->inverse_z == 0) return false;
  std::int64_t area =
      std::int64_t{v1->x - v0->x} * (v2->y - v0->y) - std::int64_t{v1->y - v0->y} * (v2->x - v0->x);
  // y runs down: counter-clockwise, seen by the camera, is negative.
  const bool back = area > 0;
  if (area == 0 || (back && !two_sided)) return false;
  std::array<int, 3> order = index;
  if (!back) {
    std::swap(v1, v2);
    std::swap(order[1], order[2]);
    area = -area;
  }
  cover->corners = {{v0->x, v1->x, v2->x}, {v0->y, v1->y, v2->y}};
  cover->box = raster::Intersection(raster::BoundsOf(cover->corners, raster::kSampleReach),
                                    {0, 0, camera.width_px - 1, camera.height_px - 1});
  if (cover->box.right < cover->box.left || cover->box.bottom < cover->box.top) return false;
  cover->small = raster::IsSmall(cover->corners);
  cover->reference_x = (v0->x + raster::kSubpixels / 2) >> 8;
  cover->reference_y = (v0->y + raster::kSubpixels / 2) >> 8;

  const float per_area = raster::kSubpixels / static_cast<float>(area);
  const float b1_x = static_cast<float>(v2->y - v0->y) * per_area;
  const float b1_y = static_cast<float>(v0->x - v2->x) * per_area;
  const float b2_x = static_cast<float>(v0->y - v1->y) * per_area;
  const float b2_y = static_cast<float>(v1->x - v0->x) * per_area;
  const float offset_x =
      static_cast<float>(cover->reference_x * raster::kSubpixels - v0->x) / raster::kSubpixels;
  const float offset_y =
      static_cast<float>(cover->reference_y * raster::kSubpixels - v0->y) / raster::kSubpixels;
  const float steepest = std::max({std::abs(b1_x), std::abs(b1_y), std::abs(b2_x), std::abs(b2_y)});
  const float extent = static_cast<float>(
      std::max(cover->box.right - cover->box.left, cover->box.bottom - cover->box.top) + 1);
  float* b1 = shade->b1;
  float* b2 = shade->b2;
  if (steepest * extent < 4000.0f) {
    b1[0] = b1_x * offset_x + b1_y * offset_y;
    b1[1] = b1_x;
    b1[2] = b1_y;
    b2[0] = b2_x * offset_x + b2_y * offset_y;
    b2[1] = b2_x;
    b2[2] = b2_y;
  } else {
    // Too thin for a plane in single precision: its middle stands for it.
    b1[0] = b2[0] = 1.0f / 3.0f;
    b1[1] = b1[2] = b2[1] = b2[2] = 0.0f;
  }
  b1[3] = v0->inverse_z;
  b2[3] = v1->inverse_z;
  const float rise1 = v1->inverse_z - v0->inverse_z;
  const float rise2 = v2->inverse_z - v0->inverse_z;
  cover->z = v0->inverse_z + b1[0] * rise1 + b2[0] * rise2;
  cover->z_x = b1[1] * rise1 + b2[1] * rise2;
  cover->z_y = b1[2] * rise1 + b2[2] * rise2;
  shade->reference[0] = static_cast<float>(cover->reference_x);
  shade->reference[1] = static_cast<float>(cover->reference_y);
  shade->reference[2] = v2->inverse_z;
  shade->reference[3] = back ? -1.0f : 1.0f;
  std::copy(order.begin(), order.end(), shade->vertex);
  shade->penumbra = false;
  return true;
}

void AppendRows(const Mesh& mesh, const UsedVertices& used, VertexScratch* scratch,
                std::vector<VertexRows>* rows) {
  const MeshTopology& topology = *mesh.topology;
  if (mesh.normals.empty()) ComputeNormals(topology, mesh.positions, &scratch->normals);
  const std::vector<Eigen::Vector3f>& normals =
      mesh.normals.empty() ? scratch->normals : mesh.normals;

  // Per vertex: texture area, surface area, sum of curvatures, count.
  const bool textured = mesh.material->albedo_texture || mesh.material->relief_texture;
  std::vector<Eigen::Vector4f>& sums = scratch->sums;
  sums.assign(used.vertices.size(), Eigen::Vector4f::Zero());
  for (const auto& triangle : topology.triangles) {
    const auto& [i, j, k] = triangle;
    const Eigen::Vector3f ij = mesh.positions[j] - mesh.positions[i];
    const Eigen::Vector3f jk = mesh.positions[k] - mesh.positions[j];
    const Eigen::Vector3f ki = mesh.positions[i] - mesh.positions[k];
    const float length_ij = ij.squaredNorm();
    const float length_jk = jk.squaredNorm();
    const float length_ki = ki.squaredNorm();
    // Turn of the normal along the edges, by length: Σ Δn·Δp / Σ |Δp|².
    const float turn = (normals[j] - normals[i]).dot(ij) + (normals[k] - normals[j]).dot(jk) +
                       (normals[i] - normals[k]).dot(ki);
    Eigen::Vector4f share(0, 0, turn, length_ij + length_jk + length_ki);
    if (textured) {
      const Eigen::Vector2f uv_j = topology.uv[j] - topology.uv[i];
      const Eigen::Vector2f uv_k = topology.uv[k] - topology.uv[i];
      share[0] = std::abs(uv_j.x() * uv_k.y() - uv_j.y() * uv_k.x());
      share[1] = ij.cross(ki).norm();
    }
    for (const int vertex : triangle) sums[used.place[vertex]] += share;
  }

  const size_t first = rows->size();
  rows->resize(first + used.vertices.size());
  for (size_t place = 0; place < used.vertices.size(); ++place) {
    const int i = used.vertices[place];
    VertexRows& row = (*rows)[first + place];
    const Eigen::Vector3f& normal = normals[i];
    row.normal = {
        {normal.x(), normal.y(), normal.z(), mesh.occlusion.empty() ? 1.0f : mesh.occlusion[i]}};
    row.surface = {{0, 0, mesh.wetness.empty() ? 0.0f : mesh.wetness[i], 1.0f}};
    if (!topology.uv.empty()) {
      row.surface.v[0] = topology.uv[i].x();
      row.surface.v[1] = topology.uv[i].y();
    }
    const Eigen::Vector4f& sum = sums[place];
    row.detail = {{sum[1] > 0 ? std::sqrt(sum[0] / sum[1]) : 0.0f,
                   sum[3] > 0 ? sum[2] / sum[3] : 0.0f, normal.dot(mesh.positions[i]), 0}};
  }
}

void AppendRows(const StrandMesh& mesh, const UsedVertices& used, VertexScratch* scratch,
                std::vector<VertexRows>* rows) {
  const MeshTopology& topology = *mesh.topology;
  const size_t count = mesh.positions.size();
  if (mesh.normals.empty()) {
    ComputeNormals(topology, mesh.positions, &scratch->normals);
    for (size_t i = 0; i < count; ++i) {
      // Both sides are alike; the one that is seen counts.
      if (scratch->normals[i].dot(mesh.positions[i]) > 0) scratch->normals[i] *= -1.0f;
    }
  }
  if (mesh.tangents.empty()) {
    if (topology.uv.empty()) {
      scratch->tangents.assign(count, Eigen::Vector3f::Zero());
    } else {
      ComputeTangents(topology, mesh.positions, &scratch->tangents);
    }
  }
  const size_t first = rows->size();
  rows->resize(first + used.vertices.size());
  for (size_t place = 0; place < used.vertices.size(); ++place) {
    const int i = used.vertices[place];
    VertexRows& row = (*rows)[first + place];
    const Eigen::Vector3f& normal = mesh.normals.empty() ? scratch->normals[i] : mesh.normals[i];
    const Eigen::Vector3f& tangent =
        mesh.tangents.empty() ? scratch->tangents[i] : mesh.tangents[i];
    row.normal = {
        {normal.x(), normal.y(), normal.z(), mesh.occlusion.empty() ? 1.0f : mesh.occlusion[i]}};
    row.surface = {{0, 0, mesh.alpha.empty() ? 1.0f : mesh.alpha[i], 0}};
    if (!topology.uv.empty()) {
      row.surface.v[0] = topology.uv[i].x();
      row.surface.v[1] = topology.uv[i].y();
    }
    row.detail = {{tangent.x(), tangent.y(), tangent.z(), 1.0f}};
  }
}

}  // namespace maskbench
