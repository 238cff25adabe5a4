#pragma once

#include <cstdint>
#include <vector>

#include "maskbench/render/scene.h"

#include "raster.h"
#include "simd.h"

// What is done once per vertex and once per triangle before anything is drawn.
namespace maskbench {

/// Quantities that are interpolated over triangles.
struct VertexRows {
  simd::Row normal;   ///< x, y, z, occlusion.
  simd::Row surface;  ///< u, v, wetness, visibility of the shadowed light. Strands: u, v, alpha, -.
  /// Opaque: uv per mm, curvature per mm, normal · position, -. Strands: tangent, visibility.
  simd::Row detail;
};

/// On the grid of 1/256 pixel.
struct ScreenVertex {
  std::int32_t x = 0;
  std::int32_t y = 0;
  float inverse_z = 0;  ///< 0: too near or too far aside to be drawn.
};

/// A visible triangle, ready to be covered.
struct RasterTriangle {
  raster::Corners corners;
  raster::Box box;    ///< Within the picture.
  float z, z_x, z_y;  ///< Plane of 1/z: at pixel (reference_x, reference_y) and per pixel.
  std::int32_t reference_x, reference_y;
  bool small;
};

/// The same triangle, ready to be shaded. Screen-space barycentric weights of the vertices 1 and 2
/// are planes like 1/z.
struct alignas(64) ShadeTriangle {
  float b1[4];             ///< At the reference, per x, per y; 1/z of vertex 0.
  float b2[4];             ///< The same; 1/z of vertex 1.
  float reference[4];      ///< x, y; 1/z of vertex 2; 1 or, for a back face, −1.
  std::int32_t vertex[3];  ///< In the rows of all vertices.
  std::int16_t mesh;
  Part part;
  bool penumbra;  ///< Visibility changes within the triangle.
};

/// The vertices that a topology's triangles name. Meshes may share arrays of which each draws a
/// part.
struct UsedVertices {
  std::vector<int> vertices;  ///< Ascending.
  std::vector<int> place;     ///< Of each vertex among them; only for those in use.

  /// `count` vertices; indices must be valid.
  void Find(const MeshTopology& topology, size_t count);
};

/// Throws DataError that names the mesh, or the camera.
void Validate(const Scene& scene);

/// Grid positions of vertices in use, appended to `screen`.
void ProjectVertices(const Camera& camera, const std::vector<Eigen::Vector3f>& positions,
                     const UsedVertices& used, std::vector<ScreenVertex>* screen);

/// Fills `cover` and the planes of `shade`; false when nothing of the triangle is to be drawn.
bool SetUpTriangle(const Camera& camera, const ScreenVertex* vertices,
                   const std::array<int, 3>& index, bool two_sided, RasterTriangle* cover,
                   ShadeTriangle* shade);

/// Scratch memory of the functions below.
struct VertexScratch {
  std::vector<Eigen::Vector3f> normals;
  std::vector<Eigen::Vector3f> tangents;
  std::vector<Eigen::Vector4f> sums;
};

/// Rows of a mesh's vertices in use, appended to `rows`; visibility is 1.
void AppendRows(const Mesh& mesh, const UsedVertices& used, VertexScratch* scratch,
                std::vector<VertexRows>* rows);
void AppendRows(const StrandMesh& mesh, const UsedVertices& used, VertexScratch* scratch,
                std::vector<VertexRows>* rows);

}  // namespace maskbench
