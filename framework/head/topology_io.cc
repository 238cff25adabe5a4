#include "topology_io.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/head/linear_head_model.h"

namespace maskbench {
namespace {

constexpr std::array<const char*, 2> kSideNames = {"right", "left"};  // By Side.

std::vector<std::pair<std::string, std::vector<int>*>> RingsOf(LidRings* lids) {
  return {{"upper_inner", &lids->upper_inner},
          {"lower_inner", &lids->lower_inner},
          {"upper_outer", &lids->upper_outer},
          {"lower_outer", &lids->lower_outer}};
}

}  // namespace

std::vector<std::int32_t> Flatten(const std::vector<std::array<int, 4>>& rows) {
  std::vector<std::int32_t> flat;
  flat.reserve(4 * rows.size());
  for (const auto& row : rows) flat.insert(flat.end(), row.begin(), row.end());
  return flat;
}

std::vector<std::array<int, 4>> Unflatten(const std::vector<std::int32_t>& flat) {
  std::vector<std::array<int, 4>> rows(flat.size() / 4);
  for (size_t i = 0; i < 4 * rows.size(); ++i) rows[i / 4][i % 4] = flat[i];
  return rows;
}

void PutTopology(const HeadTopology& topology, HeadFile* file) {
  file->Put<std::int32_t>("vertex_count", {topology.vertex_count});
  file->Put("faces", Flatten(topology.faces));
  std::vector<std::uint8_t> parts;
  for (const HeadPart part : topology.face_parts) parts.push_back(static_cast<std::uint8_t>(part));
  file->Put("face_parts", parts);
  file->Put("mirror", topology.mirror);
  for (const Side side : kSides) {
    const int s = static_cast<int>(side);
    LidRings lids = topology.lids[s];
    for (const auto& [name, ring] : RingsOf(&lids)) {
      file->Put(fmt::format("lids/{}/{}", kSideNames[s], name), *ring);
    }
    file->Put<std::int32_t>(fmt::format("lids/{}/canthi", kSideNames[s]),
                            {lids.medial_canthus, lids.lateral_canthus});
    const VertexStencil& globe = topology.globe_centre[s];
    file->Put(fmt::format("globe/{}/vertices", kSideNames[s]), globe.vertices);
    file->Put(fmt::format("globe/{}/weights", kSideNames[s]),
              std::vector<float>(globe.weights.begin(), globe.weights.end()));
    file->Put<float>(
        fmt::format("globe/{}/offset_mm", kSideNames[s]),
        {static_cast<float>(globe.offset_mm.x()), static_cast<float>(globe.offset_mm.y()),
         static_cast<float>(globe.offset_mm.z())});
  }
  std::vector<std::int32_t> vertices;
  std::vector<float> weights;
  for (const auto& point : topology.mesh468) {
    for (int corner = 0; corner < 3; ++corner) {
      vertices.push_back(point ? point->vertices[corner] : -1);
      weights.push_back(point ? static_cast<float>(point->weights[corner]) : 0.0F);
    }
  }
  file->Put("mesh468/vertices", vertices);
  file->Put("mesh468/weights", weights);
}

HeadTopology GetTopology(const HeadFile& file) {
  HeadTopology topology;
  topology.vertex_count = file.Get<std::int32_t>("vertex_count", 1)[0];
  topology.faces = Unflatten(file.Get<std::int32_t>("faces"));
  for (const std::uint8_t part : file.Get<std::uint8_t>("face_parts")) {
    topology.face_parts.push_back(static_cast<HeadPart>(part));
  }
  topology.mirror = file.Get<std::int32_t>("mirror", topology.vertex_count);
  for (const Side side : kSides) {
    const int s = static_cast<int>(side);
    LidRings& lids = topology.lids[s];
    for (const auto& [name, ring] : RingsOf(&lids)) {
      *ring = file.Get<std::int32_t>(fmt::format("lids/{}/{}", kSideNames[s], name));
    }
    const auto canthi = file.Get<std::int32_t>(fmt::format("lids/{}/canthi", kSideNames[s]), 2);
    lids.medial_canthus = canthi[0];
    lids.lateral_canthus = canthi[1];
    VertexStencil& globe = topology.globe_centre[s];
    globe.vertices = file.Get<std::int32_t>(fmt::format("globe/{}/vertices", kSideNames[s]));
    for (const float weight : file.Get<float>(fmt::format("globe/{}/weights", kSideNames[s]),
                                              static_cast<int>(globe.vertices.size()))) {
      globe.weights.push_back(weight);
    }
    const auto offset = file.Get<float>(fmt::format("globe/{}/offset_mm", kSideNames[s]), 3);
    globe.offset_mm = Eigen::Vector3d(offset[0], offset[1], offset[2]);
  }
  const auto vertices = file.Get<std::int32_t>("mesh468/vertices");
  const auto weights =
      file.Get<float>("mesh468/weights", static_cast<std::int64_t>(vertices.size()));
  topology.mesh468.resize(vertices.size() / 3);
  for (size_t i = 0; i < topology.mesh468.size(); ++i) {
    if (vertices[3 * i] < 0) continue;
    SurfacePoint point;
    for (size_t corner = 0; corner < 3; ++corner) {
      point.vertices[corner] = vertices[3 * i + corner];
      point.weights[corner] = weights[3 * i + corner];
    }
    topology.mesh468[i] = point;
  }
  CheckTopology(topology, file.origin());
  return topology;
}

}  // namespace maskbench
