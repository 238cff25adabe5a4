#include "maskbench/head/head_surface.h"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr float kFarRing = 99.0f;

using Row = std::map<int, double>;  // Model vertex → weight.
using Edge = std::pair<int, int>;

Edge EdgeOf(int a, int b) { return {std::min(a, b), std::max(a, b)}; }

void AddTo(Row* row, const Row& other, double factor) {
  for (const auto& [vertex, weight] : other) (*row)[vertex] += factor * weight;
}

struct Polygon {
  std::vector<int> corners;
  HeadPart part;
};

struct Refined {
  std::vector<Row> rows;
  std::vector<float> ring;
  std::vector<Polygon> polygons;
  std::map<Edge, int> edge_points;  // Of the last step.
};

Eigen::Vector3d Apply(const Row& row, const Eigen::Matrix3Xd& vertices) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const auto& [vertex, weight] : row) sum += weight * vertices.col(vertex);
  return sum;
}

// One Catmull–Clark step on the chosen polygons. Others keep their corners, and take in the edge
// points of chosen neighbours, so that no crack opens.
void Refine(const std::vector<bool>& chosen, Refined* mesh) {
  std::map<Edge, std::vector<int>> faces_of_edge;
  std::map<int, std::set<int>> faces_of_vertex, neighbours;
  for (size_t f = 0; f < mesh->polygons.size(); ++f) {
    const std::vector<int>& corners = mesh->polygons[f].corners;
    for (size_t k = 0; k < corners.size(); ++k) {
      const int a = corners[k], b = corners[(k + 1) % corners.size()];
      faces_of_edge[EdgeOf(a, b)].push_back(static_cast<int>(f));
      faces_of_vertex[a].insert(static_cast<int>(f));
      neighbours[a].insert(b);
      neighbours[b].insert(a);
    }
  }
  const std::vector<Row> old_rows = mesh->rows;
  const std::vector<float> old_ring = mesh->ring;
  auto append = [mesh](Row row, float ring) {
    mesh->rows.push_back(std::move(row));
    mesh->ring.push_back(ring);
    return static_cast<int>(mesh->rows.size()) - 1;
  };
  std::map<int, int> face_point;
  for (size_t f = 0; f < mesh->polygons.size(); ++f) {
    if (!chosen[f]) continue;
    Row row;
    float ring = 0;
    const std::vector<int>& corners = mesh->polygons[f].corners;
    for (int corner : corners) {
      AddTo(&row, old_rows[corner], 1.0 / corners.size());
      ring += old_ring[corner] / corners.size();
    }
    face_point[static_cast<int>(f)] = append(std::move(row), ring);
  }
  mesh->edge_points.clear();
  for (const auto& [edge, faces] : faces_of_edge) {
    const bool any = std::any_of(faces.begin(), faces.end(), [&](int f) { return chosen[f]; });
    if (!any) continue;
    const bool smooth = faces.size() == 2 &&
                        std::all_of(faces.begin(), faces.end(), [&](int f) { return chosen[f]; });
    Row row;
    AddTo(&row, old_rows[edge.first], smooth ? 0.25 : 0.5);
    AddTo(&row, old_rows[edge.second], smooth ? 0.25 : 0.5);
    if (smooth)
      for (int f : faces) AddTo(&row, mesh->rows[face_point[f]], 0.25);
    const float ring = 0.5f * (old_ring[edge.first] + old_ring[edge.second]);
    mesh->edge_points[edge] = append(std::move(row), ring);
  }
  for (const auto& [vertex, faces] : faces_of_vertex) {
    if (!std::all_of(faces.begin(), faces.end(), [&](int f) { return chosen[f]; })) continue;
    std::vector<int> border;
    for (int other : neighbours[vertex])
      if (faces_of_edge[EdgeOf(vertex, other)].size() == 1) border.push_back(other);
    Row row;
    if (border.size() == 2) {
      AddTo(&row, old_rows[vertex], 0.75);
      for (int other : border) AddTo(&row, old_rows[other], 0.125);
    } else if (border.empty()) {
      const double n = static_cast<double>(faces.size());
      AddTo(&row, old_rows[vertex], (n - 3) / n);
      for (int f : faces) AddTo(&row, mesh->rows[face_point[f]], 1.0 / (n * n));
      for (int other : neighbours[vertex]) {
        AddTo(&row, old_rows[vertex], 1.0 / (n * n));
        AddTo(&row, old_rows[other], 1.0 / (n * n));
      }
    } else {
      continue;
    }
    mesh->rows[vertex] = std::move(row);
  }
  std::vector<Polygon> polygons;
  for (size_t f = 0; f < mesh->polygons.size(); ++f) {
    const Polygon& polygon = mesh->polygons[f];
    const size_t n = polygon.corners.size();
    if (chosen[f]) {
      for (size_t k = 0; k < n; ++k) {
        const int corner = polygon.corners[k];
        polygons.push_back(
            {{corner, mesh->edge_points[EdgeOf(corner, polygon.corners[(k + 1) % n])],
              face_point[static_cast<int>(f)],
              mesh->edge_points[EdgeOf(polygon.corners[(k + n - 1) % n], corner)]},
             polygon.part});
      }
      continue;
    }
    // An inserted point comes first, so that the fan below has no flat triangle.
    Polygon kept{{}, polygon.part};
    size_t first = 0;
    bool inserted = false;
    for (size_t k = 0; k < n; ++k) {
      kept.corners.push_back(polygon.corners[k]);
      const auto found =
          mesh->edge_points.find(EdgeOf(polygon.corners[k], polygon.corners[(k + 1) % n]));
      if (found == mesh->edge_points.end()) continue;
      if (!inserted) first = kept.corners.size();
      inserted = true;
      kept.corners.push_back(found->second);
    }
    std::rotate(kept.corners.begin(), kept.corners.begin() + static_cast<std::ptrdiff_t>(first),
                kept.corners.end());
    polygons.push_back(std::move(kept));
  }
  mesh->polygons = std::move(polygons);
}

// Puts the edge points of the last step between the vertices of a chain.
void Interleave(const std::map<Edge, int>& edge_points, std::vector<int>* chain) {
  std::vector<int> fine;
  for (size_t k = 0; k < chain->size(); ++k) {
    if (k > 0) {
      const auto found = edge_points.find(EdgeOf((*chain)[k - 1], (*chain)[k]));
      if (found != edge_points.end()) fine.push_back(found->second);
    }
    fine.push_back((*chain)[k]);
  }
  *chain = std::move(fine);
}

}  // namespace

HeadSurface::HeadSurface(const HeadTopology& topology, const Eigen::Matrix3Xd& mean,
                         const Options& options) {
  if (mean.cols() != topology.vertex_count)
    throw DataError(
        "head surface: the mean shape has another number of vertices than the topology");
  Refined mesh;
  mesh.rows.resize(topology.vertex_count);
  for (int v = 0; v < topology.vertex_count; ++v) mesh.rows[v][v] = 1.0;
  std::vector<std::set<int>> neighbours(topology.vertex_count);
  for (size_t f = 0; f < topology.faces.size(); ++f) {
    Polygon polygon{{topology.faces[f].begin(), topology.faces[f].end()},
                    topology.face_parts.empty() ? HeadPart::kSkin : topology.face_parts[f]};
    if (polygon.corners[3] == polygon.corners[2]) polygon.corners.pop_back();
    for (size_t k = 0; k < polygon.corners.size(); ++k) {
      const int a = polygon.corners[k], b = polygon.corners[(k + 1) % polygon.corners.size()];
      neighbours[a].insert(b);
      neighbours[b].insert(a);
    }
    mesh.polygons.push_back(std::move(polygon));
  }

  // Chains from corner to corner. A corner is the canthus where the ring meets it, and otherwise
  // the shared end of the upper and the lower chain.
  mesh.ring.assign(topology.vertex_count, kFarRing);
  std::array<bool, 2> thin{};
  for (Side side : kSides) {
    const LidRings& rings = topology.lids[static_cast<int>(side)];
    Margin& margin = margins_[static_cast<int>(side)];
    auto close = [&](std::vector<int> chain, int medial, int lateral) {
      if (medial >= 0 && chain.front() != medial) chain.insert(chain.begin(), medial);
      if (lateral >= 0 && chain.back() != lateral) chain.push_back(lateral);
      return chain;
    };
    auto touches = [&](const std::vector<int>& upper, const std::vector<int>& lower, bool front) {
      const int canthus = front ? rings.medial_canthus : rings.lateral_canthus;
      const int a = front ? upper.front() : upper.back();
      const int b = front ? lower.front() : lower.back();
      return neighbours[a].count(canthus) > 0 && neighbours[b].count(canthus) > 0 ? canthus : -1;
    };
    thin[static_cast<int>(side)] = rings.upper_inner == rings.upper_outer;
    auto chains = [&](const std::vector<int>& upper, const std::vector<int>& lower,
                      std::vector<int>* upper_chain, std::vector<int>* lower_chain) {
      int medial = touches(upper, lower, true), lateral = touches(upper, lower, false);
      *upper_chain = close(upper, medial, lateral);
      *lower_chain = close(lower, medial, lateral);
      // Without a common corner the lower chain starts and ends on the upper one's ends.
      if (medial < 0) lower_chain->insert(lower_chain->begin(), upper_chain->front());
      if (lateral < 0) lower_chain->push_back(upper_chain->back());
    };
    chains(rings.upper_inner, rings.lower_inner, &margin.upper_inner, &margin.lower_inner);
    if (thin[static_cast<int>(side)]) {
      margin.upper_outer = margin.upper_inner;
      margin.lower_outer = margin.lower_inner;
    } else {
      chains(rings.upper_outer, rings.lower_outer, &margin.upper_outer, &margin.lower_outer);
    }
    for (const std::vector<int>* chain : {&margin.upper_outer, &margin.lower_outer})
      for (int v : *chain) mesh.ring[v] = 1.0f;
    for (const std::vector<int>* chain : {&margin.upper_inner, &margin.lower_inner})
      for (int v : *chain) mesh.ring[v] = 0.0f;
  }
  // Rings outwards, breadth first.
  std::queue<int> queue;
  for (int v = 0; v < topology.vertex_count; ++v)
    if (mesh.ring[v] <= 1.0f) queue.push(v);
  while (!queue.empty()) {
    const int v = queue.front();
    queue.pop();
    if (mesh.ring[v] > 20) continue;
    for (int other : neighbours[v]) {
      const float next = mesh.ring[v] + 1;
      if (mesh.ring[other] > next) {
        mesh.ring[other] = next;
        queue.push(other);
      }
    }
  }

  for (double within : options.refine_within_mm) {
    std::vector<Eigen::Vector3d> margin_points;
    for (const Margin& margin : margins_)
      for (const std::vector<int>* chain : {&margin.upper_outer, &margin.lower_outer})
        for (int v : *chain) margin_points.push_back(Apply(mesh.rows[v], mean));
    std::vector<Eigen::Vector3d> positions;
    for (const Row& row : mesh.rows) positions.push_back(Apply(row, mean));
    std::vector<bool> chosen(mesh.polygons.size(), false);
    for (size_t f = 0; f < mesh.polygons.size(); ++f) {
      if (mesh.polygons[f].part != HeadPart::kSkin) continue;
      for (int corner : mesh.polygons[f].corners) {
        if (mesh.ring[corner] >= kFarRing) continue;
        for (const Eigen::Vector3d& point : margin_points)
          if ((positions[corner] - point).norm() < within) chosen[f] = true;
      }
    }
    Refine(chosen, &mesh);
    for (Margin& margin : margins_)
      for (std::vector<int>* chain :
           {&margin.upper_inner, &margin.lower_inner, &margin.upper_outer, &margin.lower_outer})
        Interleave(mesh.edge_points, chain);
  }

  std::vector<Eigen::Vector3d> positions;
  for (const Row& row : mesh.rows) positions.push_back(Apply(row, mean));
  for (const Polygon& polygon : mesh.polygons) {
    const std::vector<int>& c = polygon.corners;
    auto add = [&](int a, int b, int d) {
      triangles_.push_back({a, b, d});
      triangle_parts_.push_back(polygon.part);
    };
    if (c.size() == 4 && (positions[c[0]] - positions[c[2]]).norm() >
                             (positions[c[1]] - positions[c[3]]).norm() + 1e-9) {
      add(c[0], c[1], c[3]);
      add(c[1], c[2], c[3]);
      continue;
    }
    for (size_t k = 1; k + 1 < c.size(); ++k) add(c[0], c[k], c[k + 1]);
  }
  ring_ = std::move(mesh.ring);
  row_begin_.push_back(0);
  for (const Row& row : mesh.rows) {
    for (const auto& [vertex, weight] : row) {
      column_.push_back(vertex);
      weight_.push_back(weight);
    }
    row_begin_.push_back(static_cast<int>(column_.size()));
  }
}

Eigen::Matrix3Xd HeadSurface::Positions(const Eigen::Matrix3Xd& model_vertices) const {
  Eigen::Matrix3Xd out(3, vertex_count());
  for (int v = 0; v < vertex_count(); ++v) {
    Eigen::Vector3d sum = Eigen::Vector3d::Zero();
    for (int k = row_begin_[v]; k < row_begin_[v + 1]; ++k)
      sum += weight_[k] * model_vertices.col(column_[k]);
    out.col(v) = sum;
  }
  return out;
}

}  // namespace maskbench
