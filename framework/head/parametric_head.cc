#include "maskbench/head/parametric_head.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_builder.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/head/linear_head_model.h"

#include "head_file.h"
#include "topology_io.h"

namespace maskbench {
namespace {

constexpr std::array<const char*, 3> kRaces = {"african", "asian", "caucasian"};
constexpr std::array<const char*, 2> kSexes = {"female", "male"};
constexpr std::array<const char*, 2> kAges = {"young", "old"};
constexpr std::array<const char*, 3> kLevels = {"min", "average", "max"};

// Last words of opposite details: negative, positive. "l" and "r" are those of asym/.
constexpr std::array<std::pair<const char*, const char*>, 18> kOpposites = {{
    {"in", "out"},
    {"min", "max"},
    {"down", "up"},
    {"small", "big"},
    {"less", "more"},
    {"decr", "incr"},
    {"decrease", "increase"},
    {"deflate", "inflate"},
    {"backward", "forward"},
    {"concave", "convex"},
    {"compress", "uncompress"},
    {"pointed", "triangle"},
    {"round", "square"},
    {"point", "potato"},
    {"lesshump", "morehump"},
    {"lessgreek", "moregreek"},
    {"skinny", "fat"},
    {"l", "r"},
}};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// 0 … 1 between the ends, how far `value` (−1 … 1) is at level min, average, max.
std::array<double, 3> LevelWeights(double value) {
  const double v = std::clamp(value, -1.0, 1.0);
  return {std::max(-v, 0.0), 1 - std::abs(v), std::max(v, 0.0)};
}

// "eyes/l-eye-size-big" → "eyes/eye-size-big"; the side or ' ' goes to `side`.
std::string WithoutSide(const std::string& name, char* side) {
  const size_t slash = name.find('/');
  *side = ' ';
  if (name.size() > slash + 2 && name[slash + 2] == '-' &&
      (name[slash + 1] == 'l' || name[slash + 1] == 'r')) {
    *side = name[slash + 1];
    return name.substr(0, slash + 1) + name.substr(slash + 3);
  }
  return name;
}

std::vector<Eigen::Vector2f> Pairs(const std::vector<float>& flat) {
  std::vector<Eigen::Vector2f> pairs(flat.size() / 2);
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {flat[2 * i], flat[2 * i + 1]};
  return pairs;
}

std::pair<double, double> RangeOfUnit(const std::string& name) {
  // Opened-up lids extrapolate well: 3 is a wide stare.
  return {0.0, name.find("opened-up") != std::string::npos ? 3.0 : 1.0};
}

}  // namespace

std::shared_ptr<const ParametricHead> ParametricHead::Load(const std::filesystem::path& file) {
  return FromFile(HeadFile::Read(file));
}

std::shared_ptr<const ParametricHead> ParametricHead::FromFile(const HeadFile& file) {
  std::shared_ptr<ParametricHead> head(new ParametricHead);
  head->topology_ = GetTopology(file);
  const int vertex_count = head->topology_.vertex_count;
  const auto face_count = static_cast<std::int64_t>(head->topology_.faces.size());
  head->face_uvs_ = Unflatten(file.Get<std::int32_t>("face_uvs", 4 * face_count));
  for (const std::uint8_t patch : file.Get<std::uint8_t>("face_patches", face_count)) {
    head->face_patches_.push_back(static_cast<FacePatch>(patch));
  }
  head->uvs_ = Pairs(file.Get<float>("uvs"));
  head->vertex_uvs_ = Pairs(file.Get<float>("vertex_uvs", 2 * vertex_count));
  head->base_vertex_ids_ = file.Get<std::int32_t>("base_vertex_ids", vertex_count);
  for (int vertex = 0; vertex < vertex_count; ++vertex) {
    const int base_vertex = head->base_vertex_ids_[vertex];
    if (base_vertex < 0) continue;
    if (base_vertex >= static_cast<int>(head->vertex_of_base_.size())) {
      head->vertex_of_base_.resize(base_vertex + 1, -1);
    }
    head->vertex_of_base_[base_vertex] = vertex;
  }
  const std::vector<float> base = file.Get<float>("base_mm", 3 * vertex_count);
  head->base_ = Eigen::Map<const Eigen::Matrix3Xf>(base.data(), 3, vertex_count);

  head->delta_vertices_ = file.Get<std::uint16_t>("delta_vertices");
  head->delta_counts_ = file.Get<std::int16_t>(
      "delta_counts", 3 * static_cast<std::int64_t>(head->delta_vertices_.size()));
  head->mm_per_count_ = file.Get<float>("mm_per_count", 1)[0];
  for (const std::uint16_t vertex : head->delta_vertices_) {
    if (vertex >= vertex_count) {
      throw DataError(fmt::format("{} moves vertex {}, but has {} vertices.", file.origin(), vertex,
                                  vertex_count));
    }
  }
  const std::vector<std::string> names = file.GetTexts("target_names");
  const auto starts =
      file.Get<std::int32_t>("target_starts", static_cast<std::int64_t>(names.size()) + 1);
  head->NameTargets(names, starts, file.origin());
  head->MakeAxes();
  head->MeasureAxes();
  return head;
}

void ParametricHead::NameTargets(const std::vector<std::string>& names,
                                 const std::vector<int>& starts, const std::string& origin) {
  std::map<std::string, Target> targets;
  for (size_t t = 0; t < names.size(); ++t) {
    if (starts[t] < 0 || starts[t] > starts[t + 1] ||
        starts[t + 1] > static_cast<int>(delta_vertices_.size())) {
      throw DataError(fmt::format("{} has no valid range for target {}.", origin, names[t]));
    }
    targets[names[t]] = {starts[t], starts[t + 1]};
  }
  const auto find = [&](const std::string& name) {
    const auto found = targets.find(name);
    if (found == targets.end()) throw DataError(fmt::format("{} lacks target {}.", origin, name));
    return found->second;
  };
  const auto add_identity = [&](const Target& target) {
    identity_targets_.push_back(target);
    return static_cast<int>(identity_targets_.size()) - 1;
  };
  int index = 0;
  for (const char* race : kRaces) {
    for (const char* sex : kSexes) {
      for (const char* age : kAges) {
        race_targets_[index++] =
            add_identity(find(fmt::format("macrodetails/{}-{}-{}", race, sex, age)));
      }
    }
  }
  index = 0;
  for (const char* sex : kSexes) {
    for (const char* age : kAges) {
      for (const char* muscle : kLevels) {
        for (const char* weight : kLevels) {
          build_targets_[index++] = add_identity(find(fmt::format(
              "macrodetails/universal-{}-{}-{}muscle-{}weight", sex, age, muscle, weight)));
        }
      }
    }
  }
  first_detail_ = IdentityTargetCount();
  const std::string units = fmt::format("expression/units/{}/", kRaces[0]);
  for (const std::string& name : names) {
    if (StartsWith(name, "macrodetails/")) continue;
    if (StartsWith(name, "expression/units/")) {
      if (!StartsWith(name, units)) continue;
      expression_names_.push_back(name.substr(units.size()));
      expression_range_.push_back(RangeOfUnit(expression_names_.back()));
      for (size_t race = 0; race < kRaces.size(); ++race) {
        expressions_[race].push_back(
            find(fmt::format("expression/units/{}/{}", kRaces[race], expression_names_.back())));
      }
      continue;
    }
    detail_names_.push_back(name);
    add_identity(find(name));
  }
}

void ParametricHead::MakeAxes() {
  // "eyes/eye-size-big" → its details on both sides.
  std::map<std::string, std::vector<int>> details;
  std::vector<std::string> order;
  for (size_t i = 0; i < detail_names_.size(); ++i) {
    char side;
    const std::string name = WithoutSide(detail_names_[i], &side);
    if (details.count(name) == 0) order.push_back(name);
    details[name].push_back(static_cast<int>(i));
  }
  const auto opposite = [](const std::string& name) -> std::optional<std::string> {
    const size_t dash = name.rfind('-');
    if (dash == std::string::npos) return std::nullopt;
    for (const auto& [negative, positive] : kOpposites) {
      if (name.substr(dash + 1) == positive) return name.substr(0, dash + 1) + negative;
    }
    return std::nullopt;
  };
  std::map<std::string, bool> is_negative;
  for (const std::string& name : order) {
    const auto other = opposite(name);
    if (other && details.count(*other) != 0) is_negative[*other] = true;
  }
  for (const std::string& name : order) {
    if (is_negative[name]) continue;
    DetailAxis axis;
    axis.positive = details[name];
    const auto other = opposite(name);
    if (other && details.count(*other) != 0) {
      axis.name = *other + "|" + name.substr(name.rfind('-') + 1);
      axis.negative = details[*other];
    } else {
      axis.name = name;
    }
    // Details that are symmetric push the head sideways, or one side up, as much as back.
    double sideways = 0, total = 0;
    for (const int detail : axis.positive) {
      const Target& target = identity_targets_[first_detail_ + detail];
      for (int entry = target.first; entry < target.last; ++entry) {
        const double x = delta_counts_[3 * static_cast<size_t>(entry)];
        const double y = delta_counts_[3 * static_cast<size_t>(entry) + 1];
        const int vertex = delta_vertices_[entry];
        const float side = base_(0, vertex);
        sideways += x + (side > 0 ? y : side < 0 ? -y : 0);
        total += std::abs(x) + std::abs(y);
      }
    }
    axis.asymmetric = StartsWith(axis.name, "asym/") || std::abs(sideways) > 0.5 * total;
    axes_.push_back(std::move(axis));
  }
}

void ParametricHead::MeasureAxes() {
  const Eigen::Matrix3Xd mean = Shape(HeadRecipe());
  for (DetailAxis& axis : axes_) {
    for (const bool positive : {false, true}) {
      Eigen::Matrix3Xd moved = Eigen::Matrix3Xd::Zero(3, mean.cols());
      for (const int detail : positive ? axis.positive : axis.negative)
        moved += IdentityDelta(first_detail_ + detail);
      double& reach_mm = axis.reach_mm[positive ? 1 : 0];
      for (Eigen::Index v = 0; v < mean.cols(); ++v) {
        const bool face = mean(2, v) > -110 && mean(1, v) > -125 && mean(1, v) < 90;
        if (face) reach_mm = std::max(reach_mm, moved.col(v).norm());
      }
    }
  }
}

int ParametricHead::VertexOfBase(int base_vertex) const {
  return base_vertex >= 0 && base_vertex < static_cast<int>(vertex_of_base_.size())
             ? vertex_of_base_[base_vertex]
             : -1;
}

int ParametricHead::Detail(const std::string& name) const {
  const auto found = std::find(detail_names_.begin(), detail_names_.end(), name);
  if (found == detail_names_.end()) {
    throw UsageError(fmt::format("\"{}\" is no detail of the parametric head.", name));
  }
  return static_cast<int>(found - detail_names_.begin());
}

void ParametricHead::AddDetail(const DetailAxis& axis, double weight, HeadRecipe* recipe) {
  for (const int detail : weight < 0 ? axis.negative : axis.positive) {
    recipe->details.emplace_back(detail, std::abs(weight));
  }
}

void ParametricHead::SampleDetails(const DetailSpread& spread, NamedRandom* random,
                                   HeadRecipe* recipe) const {
  for (const DetailAxis& axis : axes_) {
    double sigma = axis.asymmetric ? spread.asymmetry : spread.sigma;
    if (StartsWith(axis.name, "head/")) sigma *= spread.head_factor;
    if (StartsWith(axis.name, "eyes/eye-height")) sigma *= spread.eye_height_factor;
    AddDetail(axis, std::clamp(sigma * random->Normal(), -1.0, 1.0), recipe);
  }
}

Eigen::VectorXd ParametricHead::TargetWeights(const HeadRecipe& recipe) const {
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(IdentityTargetCount());
  const std::array<double, 3> races = {recipe.african, recipe.asian, recipe.caucasian};
  const std::array<double, 2> sexes = {1 - recipe.male, recipe.male};
  const std::array<double, 2> ages = {1 - recipe.age, recipe.age};
  size_t index = 0;
  for (const double race : races) {
    for (const double sex : sexes) {
      for (const double age : ages) weights[race_targets_[index++]] = race * sex * age;
    }
  }
  index = 0;
  const std::array<double, 3> muscles = LevelWeights(recipe.muscle);
  const std::array<double, 3> masses = LevelWeights(recipe.weight);
  for (const double sex : sexes) {
    for (const double age : ages) {
      for (const double muscle : muscles) {
        for (const double mass : masses) {
          weights[build_targets_[index++]] = sex * age * muscle * mass;
        }
      }
    }
  }
  for (const auto& [detail, weight] : recipe.details) {
    if (detail < 0 || detail >= static_cast<int>(detail_names_.size())) {
      throw UsageError(fmt::format("A recipe names detail {}, but the parametric head has {}.",
                                   detail, detail_names_.size()));
    }
    weights[first_detail_ + detail] += weight;
  }
  return weights;
}

void ParametricHead::Add(const Target& target, double weight, Eigen::Matrix3Xd* shape) const {
  const double scale = weight * mm_per_count_;
  for (int entry = target.first; entry < target.last; ++entry) {
    const std::int16_t* counts = &delta_counts_[3 * static_cast<size_t>(entry)];
    shape->col(delta_vertices_[entry]) += scale * Eigen::Vector3d(counts[0], counts[1], counts[2]);
  }
}

void ParametricHead::MoveOrigin(Eigen::Matrix3Xd* shape) const {
  const Eigen::Vector3d origin =
      (Locate(topology_.globe_centre[0], *shape) + Locate(topology_.globe_centre[1], *shape)) / 2;
  shape->colwise() -= origin;
}

SparseDelta ParametricHead::DetailDelta(int detail) const {
  const Target& target = identity_targets_.at(static_cast<size_t>(first_detail_ + detail));
  SparseDelta delta;
  delta.vertices.assign(delta_vertices_.begin() + target.first,
                        delta_vertices_.begin() + target.last);
  delta.millimetres.resize(3, target.last - target.first);
  for (int entry = target.first; entry < target.last; ++entry) {
    const std::int16_t* counts = &delta_counts_[3 * static_cast<size_t>(entry)];
    delta.millimetres.col(entry - target.first) =
        static_cast<float>(mm_per_count_) * Eigen::Vector3f(counts[0], counts[1], counts[2]);
  }
  return delta;
}

Eigen::Matrix3Xd ParametricHead::Base() const {
  Eigen::Matrix3Xd shape = base_.cast<double>();
  MoveOrigin(&shape);
  return shape;
}

Eigen::Matrix3Xd ParametricHead::Shape(const HeadRecipe& recipe) const {
  const Eigen::VectorXd weights = TargetWeights(recipe);
  Eigen::Matrix3Xd shape = base_.cast<double>();
  for (int target = 0; target < IdentityTargetCount(); ++target) {
    if (weights[target] != 0) Add(identity_targets_[target], weights[target], &shape);
  }
  MoveOrigin(&shape);
  return shape;
}

Eigen::Matrix3Xd ParametricHead::IdentityDelta(int target) const {
  Eigen::Matrix3Xd delta = Eigen::Matrix3Xd::Zero(3, topology_.vertex_count);
  Add(identity_targets_.at(target), 1.0, &delta);
  Eigen::Vector3d origin = Eigen::Vector3d::Zero();
  for (const VertexStencil& globe : topology_.globe_centre) {
    origin += (Locate(globe, delta) - globe.offset_mm) / 2;
  }
  delta.colwise() -= origin;
  return delta;
}

ExpressionUnits ParametricHead::Expressions(const HeadRecipe& recipe) const {
  const std::array<double, 3> races = {recipe.african, recipe.asian, recipe.caucasian};
  ExpressionUnits units;
  units.names = expression_names_;
  Eigen::Matrix3Xd dense = Eigen::Matrix3Xd::Zero(3, topology_.vertex_count);
  for (size_t unit = 0; unit < expression_names_.size(); ++unit) {
    std::vector<int> touched;
    for (size_t race = 0; race < races.size(); ++race) {
      if (races[race] == 0) continue;
      const Target& target = expressions_[race][unit];
      Add(target, races[race], &dense);
      touched.insert(touched.end(), delta_vertices_.begin() + target.first,
                     delta_vertices_.begin() + target.last);
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    SparseDelta delta;
    delta.vertices = std::move(touched);
    delta.millimetres.resize(3, static_cast<Eigen::Index>(delta.vertices.size()));
    for (size_t i = 0; i < delta.vertices.size(); ++i) {
      delta.millimetres.col(static_cast<Eigen::Index>(i)) =
          dense.col(delta.vertices[i]).cast<float>();
      dense.col(delta.vertices[i]).setZero();
    }
    units.deltas.push_back(std::move(delta));
  }
  return units;
}

std::unique_ptr<HeadModel> LoadParametricHeadModel(const std::filesystem::path& path,
                                                   int identity_dims) {
  const HeadFile file = HeadFile::Read(path);
  LinearHeadData data;
  data.name = identity_dims == kDefaultIdentityDims ? "parametric/1"
                                                    : fmt::format("parametric/1:{}", identity_dims);
  data.topology = GetTopology(file);
  const Eigen::Index rows = 3 * static_cast<Eigen::Index>(data.topology.vertex_count);
  const std::vector<float> mean = file.Get<float>("identity_mean", rows);
  data.mean = Eigen::Map<const Eigen::VectorXf>(mean.data(), rows);
  const std::vector<float> scales = file.Get<float>("identity_scales");
  const auto available = static_cast<int>(scales.size());
  if (identity_dims < 0 || identity_dims > available) {
    throw UsageError(fmt::format("The parametric head has 0 to {} identity dimensions, not {}.",
                                 available, identity_dims));
  }
  const auto counts = file.Get<std::int16_t>("identity_counts", rows * available);
  using Counts = Eigen::Matrix<std::int16_t, Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Map<const Counts> basis(counts.data(), rows, available);
  data.identity.resize(rows, identity_dims);
  for (int k = 0; k < identity_dims; ++k) {
    data.identity.col(k) = basis.col(k).cast<float>() * scales[k];
  }
  const auto head = ParametricHead::FromFile(file);
  const ExpressionUnits units = head->Expressions(HeadRecipe{});
  data.expression = Eigen::MatrixXf::Zero(rows, static_cast<Eigen::Index>(units.names.size()));
  for (size_t unit = 0; unit < units.names.size(); ++unit) {
    const SparseDelta& delta = units.deltas[unit];
    for (size_t i = 0; i < delta.vertices.size(); ++i) {
      data.expression.col(static_cast<Eigen::Index>(unit))
          .segment<3>(3 * static_cast<Eigen::Index>(delta.vertices[i])) =
          delta.millimetres.col(static_cast<Eigen::Index>(i));
    }
  }
  data.expression_names = units.names;
  data.expression_range = head->ExpressionRange();
  return std::make_unique<LinearHeadModel>(std::move(data));
}

void RegisterParametricHead(std::vector<HeadModelEntry>* models) {
  models->push_back({"parametric", "whole head; identities and expressions of MakeHuman",
                     [](const std::filesystem::path& models_dir) {
                       return LoadParametricHeadModel(ParametricHeadFile(models_dir));
                     }});
}

}  // namespace maskbench
